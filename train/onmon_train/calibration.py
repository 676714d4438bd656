"""Counts how near unrelated music comes to being named: `docs/calibration.json`.

Reads what `tests/examples/impostors.rs` printed. Where two recordings agree much, the sound
itself is compared: the same recording inside both (a sample, a loop, thunder out of one library)
shows as a peak in the phase correlation of the two stretches (GCC-PHAT: Knapp and Carter, "The
Generalized Correlation Method for Estimation of Time Delay", 1976), and different sound as none.
Such pairs are no impostors and are counted apart, as are versions of one piece (`SAME_PIECE`).
"""

import argparse
import json
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
from scipy import fft, signal

from . import sources
from .questions import CODE_S, CODES_PER_SAMPLE, plan
from .sources import RATE_HZ

# From so many deviations on the sound is compared.
LISTENED_FROM = 6.5
# The peak, in standard deviations of the correlation, from which on two stretches hold one
# recording. Stretches that were not aligned gave 6 to 19, but for one self-similar piece.
PEAK_MIN = 40.0
STRETCH_S = {"15 s": 15, "5 s": 5}
# Deviations at which tails are counted.
COUNTED = np.arange(3.0, 12.01, 0.25)
SHOWN = 12

# One piece in two versions, which their names do not say: by agreeing at one offset in many clips.
SAME_PIECE = {
    frozenset(pair.split(" = "))
    for pair in (
        "drascula-music__track14 = drascula-music__track9",
        "drascula-music__track1 = drascula-music__track30",
        "sonic-pi-samples__loop_amen = sonic-pi-samples__loop_amen_full",
        "supertux-data__christmas_theme = supertux-data__theme",
    )
}


def same_piece(one: str, other: str) -> bool:
    """Whether the names say so: X and X_fast, X_enhanced, X_old in one package."""
    names = [one.lower(), other.lower()]
    for ending in ("_fast", "_enhanced", "_old", "_f"):
        names = [name.removesuffix(ending) for name in names]
    return names[0] == names[1] or frozenset((one, other)) in SAME_PIECE


class Listener:
    """Compares the sound of two recordings where their codes agree."""

    def __init__(self, folder: Path):
        self.paths = {path.stem: path for path in folder.iterdir()}

    @cache
    def sound(self, name: str) -> np.ndarray:
        """A recording as float PCM."""
        return sources.decoded(self.paths[name]).astype(np.float32)

    def peak(self, kind: str, asked: str, at: int, found: dict) -> float:
        """The highest phase correlation over the query's samples."""
        speed = found["speed"]
        if kind in STRETCH_S:
            spans = [(0, STRETCH_S[kind])]
        else:
            starts = plan(round(len(self.sound(asked)) / RATE_HZ / CODE_S))
            spans = [(start * CODE_S, CODES_PER_SAMPLE * CODE_S) for start in starts]
        peaks = [0.0]
        for start, seconds in spans:
            one = self._cut(asked, at * CODE_S + start, seconds)
            there = found["place"] * CODE_S + start * speed
            other = self._cut(found["of"], there, seconds * speed)
            if abs(speed - 1) > 0.0005 and len(other):
                other = signal.resample_poly(other, 1_000, round(1_000 * speed))
            peaks.append(_phase_peak(one, other))
        return max(peaks)

    def _cut(self, name: str, start_s: float, seconds: float) -> np.ndarray:
        start, end = (round(max(0.0, time) * RATE_HZ) for time in (start_s, start_s + seconds))
        return self.sound(name)[start:end]


def _phase_peak(one: np.ndarray, other: np.ndarray) -> float:
    if min(len(one), len(other)) < RATE_HZ:
        return 0.0
    size = fft.next_fast_len(len(one) + len(other), real=True)
    cross = fft.rfft(one, size) * np.conj(fft.rfft(other, size))
    correlation = np.abs(fft.irfft(cross / (np.abs(cross) + 1e-9), size))
    spread = float(np.sqrt(np.mean(correlation**2)))
    return float(correlation.max()) / spread if spread > 0 else 0.0


def count(asked: dict, folder: Path) -> dict:
    """The tails of unrelated music, by kind of query, and the pairs that were left out."""
    listener = Listener(folder)
    judged: dict[frozenset, str] = {}

    def judge(query: dict, found: dict) -> None:
        pair = frozenset((query["of"], found["of"]))
        if same_piece(*pair):
            judged[pair] = "one piece, by name"
        elif found["deviations"] >= LISTENED_FROM and pair not in judged:
            peak = listener.peak(query["kind"], query["of"], query["at"], found)
            if peak >= PEAK_MIN:
                judged[pair] = f"one recording in both, phase correlation {peak:.0f}"

    for query in asked["queries"]:
        for found in query["nearest"]:
            judge(query, found)
    kinds = {}
    shared: Counter[frozenset] = Counter()
    for kind in dict.fromkeys(query["kind"] for query in asked["queries"]):
        queries = [query for query in asked["queries"] if query["kind"] == kind]
        best = []
        for query in queries:
            for found in query["nearest"]:
                pair = frozenset((query["of"], found["of"]))
                if pair in judged:
                    shared[pair] = max(shared[pair], found["deviations"])
                else:
                    best.append((found["deviations"], query["of"], found["of"]))
                    break
        best.sort(reverse=True)
        kinds[kind] = {
            "queries": len(queries),
            "alignments": sum(query["alignments"] for query in queries),
            "beyond": {
                f"{x:.2f}": n for x in COUNTED if (n := sum(1 for b in best if b[0] >= x))
            },
            "most_alike": [[round(d, 2), one, other] for d, one, other in best[:SHOWN]],
        }
    return {
        "recordings": asked["recordings"],
        "codes": asked["codes"],
        "kinds": kinds,
        "left_out": [
            [round(deviations, 2), *sorted(pair), judged[pair]]
            for pair, deviations in sorted(shared.items(), key=lambda item: -item[1])
        ],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the recordings that were asked for")
    parser.add_argument("asked", type=Path, help="what impostors.rs printed")
    options = parser.parse_args()
    counted = count(json.loads(options.asked.read_text()), options.folder)
    print(json.dumps(counted, indent=1))
