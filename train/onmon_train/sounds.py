"""Other sound than the music that is asked for: what interferes, and what must never be named."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from scipy import signal

from . import sources
from .sources import RATE_HZ

Pcm = np.ndarray
Rng = np.random.Generator

# Power falls with frequency to this exponent.
COLOURS = {"white": 0.0, "pink": 1.0, "brown": 2.0, "blue": -1.0}
PAUSE_S = (0.1, 0.5)
FRAME = RATE_HZ // 50


def rms(pcm: Pcm) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(pcm, dtype=np.float64)) + 1e-20))


def active_rms(pcm: Pcm) -> float:
    """RMS of the 20-ms frames that are within 30 dB of the loudest: speech without its pauses."""
    frames = pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME)
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    if len(power) == 0 or power.max() <= 0:
        return rms(pcm)
    return float(np.sqrt(np.mean(power[power > power.max() / 1_000])))


def noise(length: int, rng: Rng, colour: str) -> Pcm:
    """Noise of a colour at unit RMS."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    frequency = np.fft.rfftfreq(length, 1 / RATE_HZ)
    spectrum *= np.maximum(frequency, 20.0) ** (-COLOURS[colour] / 2)
    made = np.fft.irfft(spectrum, length)
    return (made / rms(made)).astype(np.float32)


@dataclass(frozen=True)
class Sounds:
    """What a condition may mix in. `songs` are raw 16-kHz files that are in no database."""

    songs: Sequence[Path] = field(default_factory=tuple)

    def speech(self, length: int, rng: Rng) -> Pcm:
        """One voice saying prompt after prompt, at unit RMS while it speaks."""
        prompts = _prompts(sources.TEST_VOICES[rng.integers(len(sources.TEST_VOICES))])
        said: list[Pcm] = []
        skipped, total = int(rng.integers(RATE_HZ)), 0
        while total < length + skipped:
            said.append(prompts[rng.integers(len(prompts))])
            said.append(np.zeros(int(rng.uniform(*PAUSE_S) * RATE_HZ), np.float32))
            total += len(said[-1]) + len(said[-2])
        whole = np.concatenate(said)[skipped : skipped + length]
        return whole / np.float32(active_rms(whole))

    def babble(self, length: int, rng: Rng, voices: int = 6) -> Pcm:
        """Several people at once, at unit RMS."""
        mixed = np.sum([self.speech(length, rng) for _ in range(voices)], axis=0)
        return mixed / np.float32(rms(mixed))

    def song(self, length: int, rng: Rng) -> Pcm:
        """A stretch of a song that is in no database, at unit RMS."""
        if not self.songs:
            raise ValueError("no song is held out to be mixed in: give more --tracks")
        stored = np.memmap(self.songs[rng.integers(len(self.songs))], "<i2", "r")
        start = int(rng.integers(max(1, len(stored) - length)))
        part = np.resize(np.asarray(stored[start : start + length], np.float32), length)
        return part / np.float32(rms(part))


@cache
def _prompts(language: str) -> list[Pcm]:
    """A voice's prompts of a second and more, their silent ends cut off."""
    package = f"asterisk-core-sounds-{language}-wav"
    prompts = []
    for path in sources.audio_files(package):
        if path.stat().st_size < 16_000:
            continue
        # The sound behind a RIFF header of 44 bytes: 8 kHz, 16 bit, mono, in all these packages.
        low = np.frombuffer(path.read_bytes()[44:-1], "<i2", (path.stat().st_size - 45) // 2)
        prompt = signal.resample_poly(low.astype(np.float32) / 32_768, RATE_HZ // 8_000, 1)
        loud = np.flatnonzero(np.abs(prompt) > 0.02 * np.max(np.abs(prompt)))
        if len(loud) and "silence" not in path.parts:
            prompts.append(prompt[loud[0] : loud[-1] + 1])
    return prompts


def tones(length: int, rng: Rng) -> Pcm:
    """A tone, or a chord of a few with overtones, held or struck again and again."""
    time = np.arange(length) / RATE_HZ
    made = np.zeros(length)
    for step in rng.choice([0, 3, 4, 5, 7, 9, 12], rng.integers(1, 5), replace=False):
        base = rng.uniform(110, 880) * 2 ** (step / 12)
        for overtone in range(1, rng.integers(2, 6)):
            made += np.sin(2 * np.pi * base * overtone * time + rng.uniform(0, 6)) / overtone
    if rng.random() < 0.5:
        made *= np.exp(-3 * (time % rng.uniform(0.25, 1.0)))
    return made.astype(np.float32)


def loop(length: int, rng: Rng) -> Pcm:
    """A drum or synth loop repeated, or a bar of 16 steps played on a drum kit."""
    ready = ready_loops()
    if rng.random() < 0.5:
        return repeated(ready[rng.integers(len(ready))], length)
    return drum_kit_loop(length, rng)


def ready_loops() -> list[Path]:
    """Loops that a package holds ready-made."""
    return [p for p in sources.audio_files("sonic-pi-samples") if p.stem.startswith("loop_")]


def repeated(path: Path, length: int) -> Pcm:
    """A recording again and again."""
    return np.resize(_sample(path), length)


def drum_kit_loop(length: int, rng: Rng) -> Pcm:
    """A bar of 16 steps, made up, on a drum kit."""
    hits = sources.audio_files("hydrogen-drumkits")
    kit = hits[rng.integers(len(hits))].parent
    drums = [path for path in hits if path.parent == kit]
    step = int(RATE_HZ * 60 / rng.uniform(80, 170) / 4)
    bar = np.zeros(16 * step, np.float32)
    for place in (0.5, 0.3, 0.25, 0.15):
        drum = _sample(drums[rng.integers(len(drums))])[: 4 * step]
        for at in np.flatnonzero(rng.random(16) < place):
            tail = bar[at * step : at * step + len(drum)]
            tail += drum[: len(tail)]
    return np.resize(bar, length)


@cache
def _sample(path: Path) -> Pcm:
    return sources.decoded(path)
