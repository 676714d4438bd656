"""Training degradations at 8 kHz: what may happen to music between the catalogue and a client.

Every stage takes 16-bit-scaled float PCM. All randomness comes from the generator passed in, so a
seed gives the same bank anywhere. The test conditions (`conditions.py`) are written apart from
these on purpose, with other voices and other codec settings.
"""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import fft, signal

from .frontend import RATE_HZ

Pcm = np.ndarray
Draw = Callable[[int], Pcm]


@dataclass(frozen=True)
class Pools:
    """Where interfering sound comes from: each draws n samples at unit RMS."""

    speech: Draw
    music: Draw


def rms(pcm: Pcm) -> float:
    return float(np.sqrt(np.mean(pcm * pcm)) + 1e-9)


def mix(pcm: Pcm, other: Pcm, snr_db: float) -> Pcm:
    """Adds `other` at a signal-to-noise ratio in dB."""
    return pcm + other * (rms(pcm) / rms(other) * 10 ** (-snr_db / 20))


def coloured_noise(n: int, rng: np.random.Generator) -> Pcm:
    """Noise with a power spectrum of 1/f^a, a from 0 (white) to 2 (brown)."""
    spectrum = fft.rfft(rng.standard_normal(n).astype(np.float32))
    hz = np.maximum(np.arange(len(spectrum)) * RATE_HZ / n, 50.0)
    return fft.irfft(spectrum / hz ** (rng.uniform(0, 2) / 2), n).astype(np.float32)


def babble(n: int, rng: np.random.Generator, pools: Pools) -> Pcm:
    return sum(pools.speech(n) for _ in range(rng.integers(4, 8)))


def room(pcm: Pcm, rng: np.random.Generator) -> Pcm:
    """Reverberation: exponentially decaying noise with early reflections."""
    rt60_s, direct_db = rng.uniform(0.2, 1.2), rng.uniform(-8, 6)
    n = int(rt60_s * RATE_HZ)
    tail = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
    tail = signal.lfilter(*signal.butter(1, rng.uniform(1_500, 3_800) / (RATE_HZ / 2)), tail)
    tail[: int(0.003 * RATE_HZ)] = 0
    for _ in range(rng.integers(0, 7)):
        tail[rng.integers(8, min(n, 500))] += rng.normal() * 2
    tail *= 10 ** (-direct_db / 20) / np.sqrt(np.sum(tail * tail))
    tail[0] = 1
    return signal.fftconvolve(pcm, tail)[: len(pcm)].astype(np.float32)


def equalise(pcm: Pcm, rng: np.random.Generator, most_db: float) -> Pcm:
    """A random curve through eight bands, or a tilt."""
    spectrum = fft.rfft(pcm)
    octaves = np.log2(np.maximum(np.arange(len(spectrum)) * RATE_HZ / len(pcm), 30))
    if rng.random() < 0.4:
        gain_db = rng.uniform(-most_db, most_db) * (octaves - np.log2(900)) / 2.0
    else:
        points = np.log2(np.geomspace(60, 3_900, 8))
        gain_db = np.interp(octaves, points, rng.uniform(-most_db, most_db, 8))
    return fft.irfft(spectrum * 10 ** (np.clip(gain_db, -24, 24) / 20), len(pcm)).astype(np.float32)


def telephone(pcm: Pcm, rng: np.random.Generator) -> Pcm:
    low, high = rng.uniform(200, 450), rng.uniform(2_600, 3_600)
    sos = signal.butter(4, [low, high], "bandpass", fs=RATE_HZ, output="sos")
    x = signal.sosfilt(sos, pcm)
    x = np.clip(x / (rms(x) * rng.uniform(4, 10)), -1, 1)
    companded = np.round(np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256) * 127) / 127
    return (np.sign(companded) * (256 ** np.abs(companded) - 1) / 255 * 20_000).astype(np.float32)


def compress(pcm: Pcm, rng: np.random.Generator) -> Pcm:
    """A compressor with a slow or a fast envelope, then soft or hard clipping."""
    pole = np.exp(-1 / (RATE_HZ * rng.uniform(0.01, 0.2)))
    envelope_db = 20 * np.log10(signal.lfilter([1 - pole], [1, -pole], np.abs(pcm)) + 1)
    over = np.maximum(envelope_db - (20 * np.log10(rms(pcm)) - rng.uniform(0, 20)), 0)
    x = pcm * 10 ** (-over * (1 - 1 / rng.uniform(2, 10)) / 20)
    x = x / (rms(x) * rng.uniform(0.4, 4))
    x = np.tanh(x) if rng.random() < 0.5 else np.clip(x, -1, 1)
    return (x * 10_000).astype(np.float32)


CODECS = {
    "mp3": (["libmp3lame", "-b:a", "24k", "-ar", "16000"], "mp3"),
    "opus": (["libopus", "-b:a", "9k", "-ar", "16000"], "ogg"),
    "opus_12": (["libopus", "-b:a", "12k", "-ar", "16000"], "ogg"),
    "gsm": (["libgsm", "-ar", "8000"], "gsm"),
    "speex": (["libspeex", "-b:a", "10k", "-ar", "8000"], "ogg"),
    "aac": (["aac", "-b:a", "20k", "-ar", "16000"], "adts"),
}


def codec(pcm: Pcm, rng: np.random.Generator) -> Pcm:
    """Through ffmpeg and back; the codec's delay is undone by correlation."""
    arguments, container = CODECS[list(CODECS)[rng.integers(len(CODECS))]]
    raw = ["-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1"]
    run = ["ffmpeg", "-v", "error", "-threads", "1"]
    loud = pcm * (6_000 / rms(pcm))
    data = np.clip(loud, -32_768, 32_767).astype("<i2").tobytes()
    coded = subprocess.run(
        [*run, *raw, "-i", "-", "-c:a", *arguments, "-f", container, "-"],
        input=data, capture_output=True, check=True,
    ).stdout
    back = subprocess.run([*run, "-i", "-", *raw, "-"], input=coded, capture_output=True, check=True)
    return undelayed(np.frombuffer(back.stdout, "<i2").astype(np.float32), pcm)


def undelayed(late: Pcm, pcm: Pcm, most: int = 1_200) -> Pcm:
    n = min(len(late), len(pcm), 6 * RATE_HZ)
    size = 1 << (2 * n - 1).bit_length()
    product = fft.rfft(late[:n], size) * np.conj(fft.rfft(pcm[:n], size))
    lag = int(np.argmax(np.abs(fft.irfft(product, size)[:most])))
    return np.pad(late[lag:], (0, max(0, len(pcm) - len(late) + lag)))[: len(pcm)]


def at_speed(pcm: Pcm, speed: float) -> Pcm:
    """Played `speed` times as fast: pitch and tempo together (cubic interpolation at twice the rate)."""
    fine = signal.resample_poly(pcm, 2, 1).astype(np.float32)
    at = np.clip(np.arange(int(len(pcm) / speed)) * (2 * speed), 1, len(fine) - 3)
    i = at.astype(int)
    f = (at - i).astype(np.float32)
    return (
        -f * (f - 1) * (f - 2) / 6 * fine[i - 1]
        + (f + 1) * (f - 1) * (f - 2) / 2 * fine[i]
        - (f + 1) * f * (f - 2) / 2 * fine[i + 1]
        + (f + 1) * f * (f - 1) / 6 * fine[i + 2]
    )


def degrade(pcm: Pcm, rng: np.random.Generator, pools: Pools) -> Pcm:
    """One or several stages, in the order in which they happen to a recording."""
    n = len(pcm)
    kind = rng.choice(
        ["noise", "speech", "babble", "music", "room", "cafe", "channel", "codec", "none"],
        p=[0.17, 0.17, 0.09, 0.14, 0.10, 0.12, 0.10, 0.07, 0.04],
    )
    x = pcm
    if kind in ("room", "cafe"):
        x = room(x, rng)
    if kind in ("noise", "cafe"):
        x = mix(x, coloured_noise(n, rng), rng.uniform(-6, 10) if kind == "noise" else rng.uniform(2, 14))
    if kind == "speech":
        x = mix(x, pools.speech(n), rng.uniform(-8, 6))
    if kind == "babble" or (kind == "cafe" and rng.random() < 0.5):
        x = mix(x, babble(n, rng, pools), rng.uniform(-4, 8) if kind == "babble" else rng.uniform(4, 14))
    if kind == "music":
        x = mix(x, pools.music(n), rng.uniform(-4, 6))
    if kind == "codec":
        x = codec(x, rng)
    if kind == "channel" or rng.random() < 0.25:
        stage = rng.integers(3)
        x = (telephone(x, rng), compress(x, rng), equalise(x, rng, 15))[stage]
    return x
