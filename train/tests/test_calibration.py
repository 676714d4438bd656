"""What is left out of the counts of unrelated music, and what is not."""

import json
import tempfile
import unittest
import wave
from pathlib import Path

import numpy as np

from onmon_train import calibration
from onmon_train.sources import RATE_HZ


def stored(folder: Path, name: str, pcm: np.ndarray) -> None:
    with wave.open(str(folder / f"{name}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(pcm, -1, 1) * 32_767).astype("<i2").tobytes())


def answered(of: str, found: str, deviations: float, place: int = 0) -> dict:
    nearest = [{"of": found, "deviations": deviations, "place": place, "speed": 1.0}]
    return {"kind": "15 s", "of": of, "at": 0, "alignments": 100, "nearest": nearest}


class Counting(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        rng = np.random.default_rng(1)
        noise = lambda seconds: rng.standard_normal(seconds * RATE_HZ) * 0.1
        thunder = noise(20)
        stored(self.folder, "a__one", noise(30) + np.pad(thunder, (0, 10 * RATE_HZ)))
        # The same thunder, five seconds later in other music.
        stored(self.folder, "b__two", noise(30) + np.pad(thunder, (5 * RATE_HZ, 5 * RATE_HZ)))
        stored(self.folder, "c__three", noise(30))

    def count(self, *queries: dict) -> dict:
        asked = {"recordings": 3, "codes": 1_800, "queries": list(queries)}
        return calibration.count(asked, self.folder)

    def test_one_recording_inside_two_is_no_impostor(self):
        counted = self.count(answered("a__one", "b__two", 9.0, place=100))
        self.assertEqual(counted["kinds"]["15 s"]["beyond"], {})
        [[deviations, one, other, reason]] = counted["left_out"]
        self.assertEqual((deviations, one, other), (9.0, "a__one", "b__two"))
        self.assertIn("one recording in both", reason)

    def test_different_sound_counts_however_much_it_agrees(self):
        counted = self.count(answered("a__one", "c__three", 9.0), answered("b__two", "c__three", 4.1))
        tail = counted["kinds"]["15 s"]["beyond"]
        self.assertEqual((tail["4.00"], tail["4.25"], tail["9.00"]), (2, 1, 1))
        self.assertEqual(counted["left_out"], [])
        json.dumps(counted)

    def test_versions_are_told_by_name_within_a_package_only(self):
        same = calibration.same_piece
        self.assertTrue(same("p__song", "p__song_fast"))
        self.assertFalse(same("p__track10", "q__track10"))
        self.assertFalse(same("p__track1", "p__track10"))
        self.assertTrue(same("drascula-music__track1", "drascula-music__track30"))


if __name__ == "__main__":
    unittest.main()
