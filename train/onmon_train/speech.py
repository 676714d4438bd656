"""Speech whose words are known, as an attacker on privacy would use it: clips, bands, codes.

Clips are telephone prompts; the English ones have transcripts. Held-out clips share no sentence
with the training ones, but they share the speaker: the attack is given that advantage.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import sources
from .augment import at_speed, rms
from .frontend import FRAME, FRAMES_PER_HOP, HOP, RATE_HZ, log_bands, to_int16
from .shipped import Shipped

CLIP_RMS = 2_000.0
# White noise under all clips, 54 dB below speech: digital silence would dominate errors in dB.
NOISE_RMS = 4.0
EDGE_S = 1.0
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
NUMBERS = {str(i): word for i, word in enumerate(WORDS)}


@dataclass(frozen=True)
class Clip:
    """One prompt at CLIP_RMS; words are empty where there is no transcript."""

    language: str
    name: str
    pcm: np.ndarray
    words: tuple[str, ...] = ()

    @property
    def held_out(self) -> bool:
        """A fifth of all sentences; equal sentences fall on the same side."""
        key = " ".join(self.words) or self.name
        return hashlib.sha256(key.encode()).digest()[0] % 5 == 0


@dataclass(frozen=True)
class Stream:
    """Clips in a row and what the encoder makes of them; bands are those under the codes."""

    pcm: np.ndarray
    bands: np.ndarray  # [2 * codes, 32] log2
    codes: np.ndarray  # [codes, 8] of 0 and 1
    spans: list[tuple[int, int]]  # of clips, in codes

    def samples(self, span: tuple[int, int]) -> slice:
        return slice(span[0] * HOP, span[1] * HOP)


def transcripts() -> dict[str, tuple[str, ...]]:
    """What the English prompts say: `name: text` lines to lower-case words; sounds in brackets have
    none."""
    package = "asterisk-core-sounds-en"
    path = sources.fetched(package) / f"usr/share/doc/{package}/core-sounds-en.txt.gz"
    found = {}
    for line in gzip.decompress(path.read_bytes()).decode("utf-8", "replace").splitlines():
        name, colon, text = line.partition(":")
        if colon and not name.startswith(";"):
            text = re.sub(r"\[.*?\]", " ", text.lower())
            text = re.sub(r"\d", lambda digit: f" {NUMBERS[digit[0]]} ", text)
            found[name.strip().replace("/", "_")] = tuple(re.findall(r"[a-z][a-z']*", text))
    return found


def clips(
    folder: Path, language: str, words: dict[str, tuple[str, ...]] | None = None
) -> list[Clip]:
    """The clips of a language of 0.3 s or more that are not near silence, by name."""
    found = []
    for path in sorted(folder.glob(f"asterisk-core-sounds-{language}-*.i16")):
        pcm = np.fromfile(path, "<i2").astype(np.float32)
        name = re.split(r"_[fm]_[A-Za-z]+_", path.name, maxsplit=1)[1].removesuffix(".wav.i16")
        if len(pcm) < 0.3 * RATE_HZ or rms(pcm) < 50 or "tone" in name or "beep" in name:
            continue
        pcm = pcm * (CLIP_RMS / rms(pcm))
        found.append(Clip(language, name, pcm, (words or {}).get(name, ())))
    return found


def strung(parts: list[np.ndarray], gaps: np.ndarray, rng: np.random.Generator):
    """Clips with gaps of noise after each, an edge at both ends; sample spans of the clips."""
    edge, at = int(EDGE_S * RATE_HZ), []
    pieces, have = [np.zeros(edge, np.float32)], edge
    for part, gap in zip(parts, gaps, strict=True):
        at.append((have, have + len(part)))
        pieces += [part, np.zeros(int(gap), np.float32)]
        have += len(part) + int(gap)
    pcm = np.concatenate([*pieces, np.zeros(edge, np.float32)])
    return pcm + NOISE_RMS * rng.standard_normal(len(pcm)).astype(np.float32), at


def stream(
    encoder: Shipped, parts: list[np.ndarray], gaps: np.ndarray, rng: np.random.Generator
) -> Stream:
    """Strings clips together and encodes them."""
    pcm, at = strung(parts, gaps, rng)
    bands = log_bands(to_int16(pcm))
    bands = bands[: len(bands) // FRAMES_PER_HOP * FRAMES_PER_HOP]
    codes, left = encoder.codes(bands), encoder.left_hops
    first, count = left * FRAMES_PER_HOP, len(codes) * FRAMES_PER_HOP
    # A hop's windows are centred half a window after its start; cut audio where its frames are.
    pcm = pcm[first * FRAME :]
    spans = [(max(0, a // HOP - left), min(len(codes), b // HOP - left + 1)) for a, b in at]
    return Stream(pcm, bands[first : first + count], codes, spans)


def training_pass(encoder: Shipped, found: list[Clip], seed: int, vary: bool = True):
    """All clips once in random order, phase and (but for one in three) speed: order, one stream."""
    rng = np.random.default_rng(seed)
    order = [found[i] for i in rng.permutation(len(found))]
    speeds = np.where(rng.random(len(order)) < 0.67, rng.uniform(0.92, 1.08, len(order)), 1.0)
    parts = [
        at_speed(clip.pcm, speed).astype(np.float32) if vary and speed != 1 else clip.pcm
        for clip, speed in zip(order, speeds, strict=True)
    ]
    gaps = rng.uniform(0, 0.5 * RATE_HZ, len(parts))
    return order, stream(encoder, parts, gaps, rng)


def test_stream(encoder: Shipped, found: list[Clip], seed: int) -> Stream:
    rng = np.random.default_rng(seed)
    gaps = rng.uniform(0.4 * RATE_HZ, 0.6 * RATE_HZ, len(found))
    return stream(encoder, [clip.pcm for clip in found], gaps, rng)
