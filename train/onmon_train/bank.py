"""The bank: many short pairs of (clean, degraded) log bands that training draws from.

A pair holds 151 hops of each: 120 codes and the context that they need. The two start at
unrelated phases of the hop, as a client's recording does, and where the degraded one runs at
another speed the map from its hops to the clean one's is kept: clean hop = offset + speed * hop.
"""

import argparse
from multiprocessing import Process
from pathlib import Path

import numpy as np

from .augment import Pools, at_speed, degrade, rms
from .frontend import BANDS, FRAME, FRAMES_PER_HOP, HOP, RATE_HZ, WINDOW, log_bands, to_int16

HOPS = 165
FRAMES = HOPS * FRAMES_PER_HOP
SAMPLES = (FRAMES - 1) * FRAME + WINDOW
SPEED_MOST = 0.06
MARGIN = 9_000
BANDS_PER_OCTAVE = (BANDS + 1) / np.log2(14)


class Corpus:
    """Decoded tracks of a folder, 8 kHz 16-bit, read on demand."""

    def __init__(self, folder: Path):
        files = sorted(folder.glob("*.i16"))
        self.tracks = [np.memmap(path, np.int16, "r") for path in files]
        self.names = [path.stem for path in files]
        self.tracks = [track for track in self.tracks if len(track) > 0]

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n samples of one track that are not near silence."""
        while True:
            track = self.tracks[rng.integers(len(self.tracks))]
            if len(track) <= n:
                continue
            at = rng.integers(len(track) - n)
            pcm = track[at : at + n].astype(np.float32)
            if rms(pcm) > 100:
                return pcm


class Voices(Corpus):
    """Speech: clips strung together until there is enough."""

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        parts, have = [], 0
        while have < 2 * n:
            clip = self.tracks[rng.integers(len(self.tracks))].astype(np.float32)
            parts.append(clip / rms(clip))
            have += len(clip)
        at = rng.integers(have - n)
        return np.concatenate(parts)[at : at + n]


def shifted(bands: np.ndarray, by_bands: float) -> np.ndarray:
    """Bands moved up by a fraction of a band's width: pitch without tempo."""
    at = np.arange(BANDS) - by_bands
    low = np.clip(np.floor(at).astype(int), 0, BANDS - 2)
    part = np.clip(at - low, 0, 1).astype(np.float32)
    return bands[:, low] * (1 - part) + bands[:, low + 1] * part


def pair(music: Corpus, voices: Voices, rng: np.random.Generator):
    """One pair: clean bands, degraded bands, offset in hops, speed."""
    need = int(SAMPLES * (1 + SPEED_MOST)) + 2 * MARGIN
    pcm = music.draw(need, rng)
    pcm *= 10 ** (rng.uniform(2.5, 3.9)) / rms(pcm)
    pools = Pools(lambda n: voices.draw(n, rng), lambda n: music.draw(n, rng))
    worse = degrade(pcm, rng, pools)
    speed, pitch = 1.0, 0.0
    if rng.random() < 0.4:
        speed = 1 + rng.uniform(-SPEED_MOST, SPEED_MOST)
        worse = at_speed(worse, speed)
        if rng.random() < 0.4:
            pitch = -np.log2(speed) * BANDS_PER_OCTAVE
    elif rng.random() < 0.25:
        pitch = rng.uniform(-0.72, 0.72)
    # The degraded one begins up to two hops after the clean one.
    clean_at = MARGIN + int(rng.integers(0, 2 * HOP))
    worse_at = int((MARGIN + rng.integers(2 * HOP)) / speed)
    worse = worse[worse_at : worse_at + SAMPLES]
    worse = worse * (10 ** rng.uniform(2.3, 4.0) / rms(worse))
    clean = log_bands(to_int16(pcm[clean_at : clean_at + SAMPLES]))
    bad = log_bands(to_int16(worse))
    if pitch:
        bad = shifted(bad, pitch)
    # Time t after the degraded start is `worse_at * speed + t * speed` in the clean recording.
    offset = (worse_at * speed - clean_at) / HOP
    # Windows are centred half a window after a hop's start, on both sides.
    offset += (speed - 1) * (WINDOW + FRAME) / 2 / HOP
    return clean, bad, offset, speed


def fill(folder: Path, corpus: Path, first: int, count: int, total: int, seed: int, split: str) -> None:
    music, voices = Corpus(corpus / split), Voices(corpus / "speech_train")
    shape = (total, FRAMES, BANDS)
    clean = np.memmap(folder / "clean.f16", np.float16, "r+", shape=shape)
    bad = np.memmap(folder / "bad.f16", np.float16, "r+", shape=shape)
    maps = np.memmap(folder / "map.f32", np.float32, "r+", shape=(total, 2))
    for i in range(first, first + count):
        rng = np.random.default_rng([seed, i])
        clean[i], bad[i], offset, speed = pair(music, voices, rng)
        maps[i] = offset, speed


def make(folder: Path, corpus: Path, pairs: int, seed: int, processes: int, split: str) -> None:
    """Makes the bank with several processes; the same bytes however many."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind, shape in (
        ("clean.f16", np.float16, (pairs, FRAMES, BANDS)),
        ("bad.f16", np.float16, (pairs, FRAMES, BANDS)),
        ("map.f32", np.float32, (pairs, 2)),
    ):
        np.memmap(folder / name, kind, "w+", shape=shape).flush()
    bounds = np.linspace(0, pairs, processes + 1).astype(int)
    workers = [
        Process(target=fill, args=(folder, corpus, first, last - first, pairs, seed, split))
        for first, last in zip(bounds, bounds[1:])
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            raise SystemExit(f"a bank process ended with {worker.exitcode}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", choices=("train", "validation"), default="train")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    make(options.folder, options.corpus, options.pairs, options.seed, options.processes, options.split)
