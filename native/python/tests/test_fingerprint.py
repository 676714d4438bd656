"""numpy in, fingerprints out: the golden vectors, byte by byte, however the samples lie in memory."""

import json
import threading
import unittest
from pathlib import Path

import numpy as np

import onmon

ROOT = Path(__file__).resolve().parents[3]
VECTORS = sorted((ROOT / "tests/vectors").glob("*.json"))
CORPUS = ROOT / "decode/tests/corpus"


def vector(description):
    """A golden vector: what it is, its PCM as frames and channels, codes and fingerprint."""
    about = json.loads(description.read_text())
    pcm = np.fromfile(description.with_suffix(".pcm"), dtype="<i2").reshape(-1, about["channels"])
    codes = np.fromfile(description.with_suffix(".codes"), dtype=np.uint8)
    return about, pcm, codes, description.with_suffix(".afp").read_bytes()


class Vectors(unittest.TestCase):
    def test_every_type_and_layout_gives_the_same_bytes(self):
        self.assertGreaterEqual(len(VECTORS), 5)
        for description in VECTORS:
            about, pcm, codes, expected = vector(description)
            float32 = pcm.astype(np.float32) / 32768
            layouts = [pcm, float32, pcm / 32768, np.asfortranarray(pcm), pcm[::-1][::-1]]
            if about["channels"] == 1:
                layouts.append(pcm[:, 0])
            for samples in layouts:
                made = onmon.fingerprint(samples, about["rate_hz"])
                self.assertEqual(bytes(made), expected, about["name"])
                self.assertEqual(made.kind, "clip")
            np.testing.assert_array_equal(onmon.reference(pcm, about["rate_hz"]).codes, codes)

    def test_blocks_of_any_length_give_the_same_codes(self):
        about, pcm, codes, expected = vector(VECTORS[0])
        for length in (1, 7, 4096):
            extractor = onmon.Extractor(about["rate_hz"], about["channels"])
            flat = pcm.reshape(-1)[: 40_000 if length == 1 else None]
            blocks = [extractor.push(flat[at : at + length]) for at in range(0, flat.size, length)]
            np.testing.assert_array_equal(np.concatenate(blocks), extractor.codes)
            np.testing.assert_array_equal(extractor.codes, codes[: extractor.codes.size])
        self.assertEqual(extractor.duration_ms, about["duration_ms"])
        self.assertEqual(bytes(extractor.query()), expected)


class Fingerprints(unittest.TestCase):
    def test_bytes_go_out_and_come_back_checked(self):
        made = onmon.fingerprint_file(CORPUS / "native.flac")
        again = onmon.Fingerprint.from_bytes(bytes(made))
        self.assertEqual(made, again)
        self.assertEqual(hash(made), hash(again))
        self.assertEqual(len(made), len(bytes(made)))
        starts = [start for start, _ in made.samples]
        self.assertEqual(starts, sorted(starts))
        together = np.concatenate([codes for _, codes in made.samples])
        np.testing.assert_array_equal(together, made.codes)
        with self.assertRaises(onmon.OnmonError) as caught:
            onmon.Fingerprint.from_bytes(bytes(made)[:-1])
        self.assertEqual(caught.exception.code, "checksum_mismatch")
        self.assertIn("checksum_mismatch: ", str(caught.exception))

    def test_a_part_is_found_in_its_recording_and_a_stranger_is_not(self):
        rng = np.random.default_rng(1)
        rate_hz = 8000
        notes = np.repeat(rng.integers(250, 3250, (200, 3)), rate_hz * 3 // 20, axis=0)
        time = np.arange(len(notes))[:, None] / rate_hz
        song = (np.sin(2 * np.pi * notes * time).sum(axis=1) / 4).astype(np.float32)
        whole = onmon.reference(song, rate_hz)
        part = onmon.fingerprint(song[8 * rate_hz : 20 * rate_hz], rate_hz)
        found = onmon.compare(part, whole)
        self.assertEqual(found.offset_ms, 8000)
        self.assertGreater(found.confidence, 10)
        self.assertLess(found.bit_error, 0.05)
        stranger = onmon.fingerprint_file(CORPUS / "native.flac")
        self.assertLess(onmon.compare(stranger, whole).confidence, 6)
        with self.assertRaises(onmon.OnmonError) as caught:
            onmon.compare(whole, part)
        self.assertEqual(caught.exception.code, "wrong_kind")


class Files(unittest.TestCase):
    def test_threads_take_files_of_every_kind_at_once(self):
        names = ["constant.mp3", "native.flac", "vorbis.ogg", "opus.opus", "aac.m4a", "pcm.wav"]
        made = {}

        def take(name):
            made[name] = onmon.fingerprint_file(str(CORPUS / name))

        threads = [threading.Thread(target=take, args=[name]) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name in names:
            self.assertEqual(made[name], onmon.fingerprint_file(CORPUS / name))
            self.assertEqual(onmon.reference_file(CORPUS / name).kind, "reference")

    def test_what_cannot_be_read_says_so(self):
        with self.assertRaises(FileNotFoundError):
            onmon.fingerprint_file("/no/such/file.mp3")
        with self.assertRaises(onmon.OnmonError) as caught:
            onmon.fingerprint_file(__file__)
        self.assertEqual(caught.exception.code, "unsupported_container")


class Misuse(unittest.TestCase):
    def test_wrong_arguments_are_refused_by_name(self):
        silence = np.zeros(8000, dtype=np.int16)
        for code, call in [
            ("unsupported_rate", lambda: onmon.Extractor(12_345)),
            ("unsupported_channels", lambda: onmon.Extractor(8000, 0)),
            ("too_short", lambda: onmon.fingerprint(silence, 8000)),
            ("too_short", lambda: onmon.reference(silence, 8000)),
        ]:
            with self.assertRaises(onmon.OnmonError) as caught:
                call()
            self.assertEqual(caught.exception.code, code)
        extractor = onmon.Extractor(8000, 2)
        for samples in (np.zeros(10, dtype=np.int32), [0, 1], b"abc"):
            with self.assertRaises(TypeError):
                extractor.push(samples)
        for shape in ((10, 3), (2, 2, 2), ()):
            with self.assertRaises(ValueError):
                extractor.push(np.zeros(shape, dtype=np.int16))
        self.assertEqual(extractor.push(np.zeros(0, dtype=np.int16)).size, 0)


if __name__ == "__main__":
    unittest.main()
