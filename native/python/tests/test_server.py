"""Identified by a real server, and a folder's titles filled in by the example.

The programs are given by ONMON and ONMON_SERVER, as `cargo xtask wheel --test` does; songs are
encoded by ffmpeg.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
import wave
from pathlib import Path

import mutagen
import numpy as np

import onmon

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "native/python/examples/titles.py"
TOKEN = "an-admin-token-of-the-tests"


def song(path, seed):
    """Writes a song: three notes that change every 150 ms. The same seed gives the same song."""
    rng = np.random.default_rng(seed)
    rate_hz = 16_000
    notes = np.repeat(rng.integers(250, 3250, (200, 3)), rate_hz * 3 // 20, axis=0)
    time = np.arange(len(notes))[:, None] / rate_hz
    samples = (np.sin(2 * np.pi * notes * time).sum(axis=1) * 6000).astype("<i2")
    plain = path.with_suffix(".wav")
    with wave.open(str(plain), "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    subprocess.run(["ffmpeg", "-v", "error", "-i", plain, path], check=True)
    plain.unlink()
    return path


class Service:
    """A server over a library with one recording."""

    def __init__(self, folder):
        token = folder / "admin"
        token.write_text(TOKEN)
        self.process = subprocess.Popen(
            [os.environ["ONMON_SERVER"], "--data", folder / "data", "--listen", "127.0.0.1:0"]
            + ["--log", "warn", "--admin-token-file", token],
            stdout=subprocess.PIPE,
            text=True,
        )
        lines = (line.strip() for line in self.process.stdout)
        self.url = next(line.split("listening on ")[1] for line in lines if "listening on " in line)
        catalogue = folder / "rights.csv"
        rows = ["file,recording_id,title,artist,rights", "song.flac,song-1,A Song,An Artist,entrusted"]
        catalogue.write_text("\n".join(rows) + "\n")
        words = [os.environ["ONMON"], "enrol", "--server", self.url, "--token-file", token]
        words += ["--catalogue", catalogue, song(folder / "song.flac", 1)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class WithServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.scratch.name)
        cls.service = Service(cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()
        cls.scratch.cleanup()

    def test_a_file_is_named_with_title_and_decision(self):
        server = onmon.Server(self.service.url + "/")
        answer = server.identify(onmon.fingerprint_file(self.folder / "song.flac"))
        self.assertEqual(answer.decision, "permit")
        self.assertEqual(
            [(found.recording_id, found.title, found.artist) for found in answer.matches],
            [("song-1", "A Song", "An Artist")],
        )
        self.assertLess(abs(answer.matches[0].offset_ms), 100)
        self.assertGreater(answer.matches[0].confidence, 6)

    def test_what_a_server_does_not_know_or_take_says_so(self):
        server = onmon.Server(self.service.url)
        other = song(self.folder / "other.flac", 2)
        answer = server.identify(onmon.fingerprint_file(other))
        self.assertEqual((answer.decision, answer.matches), ("unregistered", ()))
        with self.assertRaises(onmon.OnmonError) as caught:
            server.identify(onmon.reference_file(other))
        self.assertNotIn(caught.exception.code, ("server_answer", "server_unreachable"))

    def test_a_folder_s_missing_titles_are_filled_in_and_no_others(self):
        music = self.folder / "music"
        music.mkdir()
        song(music / "untitled.mp3", 1)
        for name in ("untitled.flac", "titled.flac"):
            shutil.copy(self.folder / "song.flac", music / name)
        song(music / "unknown.ogg", 3)
        self.tags(music / "titled.flac", title="My Own Name")
        untouched = (music / "unknown.ogg").read_bytes()

        self.assertIn("title: A Song", self.example(music))
        self.assertFalse(self.tags(music / "untitled.flac").get("title"))

        self.example(music, "--write")
        for name in ("untitled.flac", "untitled.mp3"):
            self.assertEqual(self.tags(music / name)["title"], ["A Song"])
            self.assertEqual(self.tags(music / name)["artist"], ["An Artist"])
        self.assertEqual(self.tags(music / "titled.flac")["title"], ["My Own Name"])
        self.assertEqual((music / "unknown.ogg").read_bytes(), untouched)
        self.assertEqual(self.example(music, "--write").count("nothing to fill in"), 3)

    @staticmethod
    def tags(path, **changes):
        file = mutagen.File(path, easy=True)
        for name, value in changes.items():
            file[name] = value
        if changes:
            file.save()
        return file

    def example(self, music, *options):
        words = [sys.executable, EXAMPLE, "--server", self.service.url, *options, music]
        ran = subprocess.run(words, check=True, capture_output=True, text=True)
        self.assertIn("unknown.ogg: not known", ran.stdout)
        return ran.stdout


class WithoutServer(unittest.TestCase):
    def test_nobody_there_is_told_after_some_tries(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            server = onmon.Server(f"http://127.0.0.1:{taken.getsockname()[1]}", timeout_s=2)
            with self.assertRaises(onmon.OnmonError) as caught:
                server.identify(onmon.fingerprint(np.zeros(80_000, dtype=np.int16), 8000))
        self.assertEqual(caught.exception.code, "server_unreachable")
        with self.assertRaises(ValueError):
            onmon.Server("127.0.0.1:8787")


if __name__ == "__main__":
    unittest.main()
