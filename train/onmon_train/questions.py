"""From a song and a condition to what a client would hand over: a clip, or six samples.

The sound is degraded first and cut after, with two seconds on either side, so that reverberation,
codecs and filters are already running where a clip begins. A clip begins at any sample and has
any level. The six samples lie where core's plan puts them in the song that the client has; only
they are degraded, each with its margins, not the minutes between them, which would say nothing.
The 5-s clip is the middle of the 15-s clip; places are the same under every condition.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .conditions import Condition
from .sounds import Pcm, Rng, Sounds, loop, noise, rms, tones
from .sources import RATE_HZ

LENGTHS = ("5", "15", "six")
MARGIN_S = 2.0
# 300 codes of encoder 3 need 16.3 s; what is beyond them is dropped.
SAMPLE_S = 16.4
CODE_S, CODE_SUPPORT_S, CODES_PER_SAMPLE, SAMPLES = 0.05, 0.503, 300, 6
# What a client's copy may lack at its beginning.
HEAD_S = 2.0
LEVEL_DB = (-36.0, -14.0)


@dataclass
class Question:
    """What every system is asked, and the right answer: `truth`, or None for "not enrolled"."""

    id: str
    condition: str
    length: str
    truth: str | None
    parts: list[tuple[int, Path]] = field(default_factory=list)


@dataclass(frozen=True)
class Song:
    """A song as stored for the measurement: 16-kHz 16-bit mono; `enrolled` or held out."""

    id: str
    path: Path
    enrolled: bool

    def seconds(self) -> float:
        """How long it is."""
        return self.path.stat().st_size / 2 / RATE_HZ

    def between(self, start_s: float, end_s: float) -> Pcm:
        """A part of it; what lies outside the song is left out."""
        stored = np.memmap(self.path, "<i2", "r")
        part = stored[max(0, round(start_s * RATE_HZ)) : max(0, round(end_s * RATE_HZ))]
        return np.asarray(part, np.float32) / 32_768


def generator(seed: int, *names: str) -> Rng:
    """A generator of its own for each song and condition: nothing depends on the order."""
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])


def clips(
    song: Song, condition: Condition, sounds: Sounds, seed: int, place: int = 0
) -> Iterator[tuple[str, list[tuple[int, Pcm]]]]:
    """The 15-s clip at a random place of the song, and its middle 5 s."""
    speed = condition.speed
    longest = (15 + 2 * MARGIN_S) * speed
    at = generator(seed, song.id, f"place {place}").uniform(0, song.seconds() - longest)
    rng = generator(seed, song.id, condition.name, f"clip {place}")
    changed = condition.change(song.between(at, at + longest), rng, sounds)
    level = rng.uniform(*LEVEL_DB)
    clip = _cut(changed, MARGIN_S, 15)
    yield "15", [(0, _at_level(clip, level))]
    yield "5", [(0, _at_level(_cut(clip, 5, 5), level))]


def six(song: Song, condition: Condition, sounds: Sounds, seed: int) -> list[tuple[int, Pcm]]:
    """Six samples of the whole song, each with the code at which it starts."""
    speed = condition.speed
    head = generator(seed, song.id, "head").uniform(0, HEAD_S)
    rng = generator(seed, song.id, condition.name, "six")
    level = rng.uniform(*LEVEL_DB)
    total = int(((song.seconds() - head) / speed - CODE_SUPPORT_S) / CODE_S) + 1
    parts = []
    for start in plan(total):
        begin = head + (start * CODE_S - MARGIN_S) * speed
        end = head + (start * CODE_S + SAMPLE_S + MARGIN_S) * speed
        lead = MARGIN_S + min(0.0, begin) / speed
        changed = condition.change(song.between(begin, end), rng, sounds)
        parts.append((start, _at_level(_cut(changed, lead, SAMPLE_S), level)))
    return parts


def plan(total: int) -> list[int]:
    """Where the samples of a song of so many codes start: `core/src/plan.rs`."""
    if total < SAMPLES * CODES_PER_SAMPLE:
        # A last sample with less than a second of sound says nothing.
        return list(range(0, total - 20, CODES_PER_SAMPLE))
    middles = [total * part // (2 * SAMPLES) for part in range(1, 2 * SAMPLES, 2)]
    starts = [middle - CODES_PER_SAMPLE // 2 for middle in middles]
    return [start - start % 4 for start in starts]


Sound = Callable[[int, Rng], Pcm]


def no_music(sounds: Sounds) -> dict[str, list[Sound]]:
    """What is not music, or hardly: nothing of it is enrolled."""

    def coloured(colour: str) -> Sound:
        return lambda length, rng: noise(length, rng, colour)

    return {
        "speech": [sounds.speech, sounds.speech, sounds.babble],
        "noise": [coloured(colour) for colour in ("white", "pink", "brown", "blue")],
        "silence": [lambda length, _: np.zeros(length), _faint],
        "tones": [tones],
        "loops": [loop],
    }


def not_enrolled(sound: Sound, rng: Rng) -> Iterator[tuple[str, list[tuple[int, Pcm]]]]:
    """A question of each length made of a sound."""
    level = rng.uniform(*LEVEL_DB)
    whole = sound(round((SAMPLES * SAMPLE_S) * RATE_HZ), rng)
    samples = [_cut(whole, part * SAMPLE_S, SAMPLE_S) for part in range(SAMPLES)]
    yield "six", [(part * 400, _at_level(pcm, level)) for part, pcm in enumerate(samples)]
    yield "15", [(0, _at_level(_cut(whole, 1, 15), level))]
    yield "5", [(0, _at_level(_cut(whole, 20, 5), level))]


def stored(folder: Path, name: str, parts: list[tuple[int, Pcm]]) -> list[tuple[int, Path]]:
    """The parts of a question as raw files."""
    paths = []
    for number, (start, pcm) in enumerate(parts):
        path = folder / f"{zlib.crc32(name.encode()):08x}-{number}.s16"
        (np.clip(pcm, -1, 1) * 32_767).round().astype("<i2").tofile(path)
        paths.append((start, path))
    return paths


def _faint(length: int, rng: Rng) -> Pcm:
    """An open line: less than a quantum of noise, and a step now and then."""
    return (rng.random(length) < 0.001).astype(np.float32) / 32_768


def _cut(pcm: Pcm, start_s: float, seconds: float) -> Pcm:
    start = round(start_s * RATE_HZ)
    return pcm[start : start + round(seconds * RATE_HZ)]


def _at_level(pcm: Pcm, level_db: float) -> Pcm:
    """At an RMS in dB of full scale, less where it would clip; what is faint stays so."""
    loud = rms(pcm)
    if loud < 1e-4:
        return pcm
    peak = float(np.max(np.abs(pcm)))
    return pcm * min(10 ** (level_db / 20) / loud, 0.99 / peak)
