"""Spoken digits by espeak-ng in many voices: words to be told apart from the codes alone."""

import subprocess

import numpy as np
from scipy import signal

from .augment import rms
from .frontend import RATE_HZ
from .speech import CLIP_RMS, NUMBERS, Clip

ESPEAK_HZ, WAV_HEADER = 22_050, 44
ACCENTS = ("en-us", "en-gb", "en-gb-scotland")
VOICES = {False: ("m1", "m2", "m3", "m5", "m6", "f1", "f2", "f4"), True: ("m4", "m7", "f3", "f5")}


def spoken(word: str, voice: str, pitch: int, words_per_minute: int) -> np.ndarray:
    """At 8 kHz, silence cut from both ends."""
    run = [
        "espeak-ng",
        "-v",
        voice,
        "-p",
        str(pitch),
        "-s",
        str(words_per_minute),
        "--stdout",
        word,
    ]
    wav = subprocess.run(run, capture_output=True, check=True).stdout
    pcm = np.frombuffer(wav[WAV_HEADER:], "<i2").astype(np.float32)
    pcm = signal.resample_poly(pcm, RATE_HZ, ESPEAK_HZ)
    loud = np.flatnonzero(np.abs(pcm) > 0.02 * np.abs(pcm).max())
    pcm = pcm[loud[0] : loud[-1] + 1]
    return (pcm * (CLIP_RMS / rms(pcm))).astype(np.float32)


def digits(each: int, held_out: bool, seed: int) -> list[Clip]:
    """Each digit so many times; held-out ones in other voices."""
    rng = np.random.default_rng(seed)
    found = []
    for word in [*NUMBERS.values()] * each:
        voice = f"{rng.choice(ACCENTS)}+{rng.choice(VOICES[held_out])}"
        pcm = spoken(word, voice, int(rng.integers(25, 75)), int(rng.integers(120, 200)))
        found.append(Clip("en", voice, pcm, (word,)))
    return found
