"""What happens to music between the catalogue and a client, as the measurement imitates it.

Every condition takes mono float PCM at 16 kHz and gives the same, of another length where it
changes the tempo. All chance comes from the generator passed in. Written apart from the training
degradations on purpose, with other voices, songs and settings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import signal

from .codecs import coded, stretched
from .sounds import Pcm, Rng, Sounds, noise, rms
from .sources import RATE_HZ

Change = Callable[[Pcm, Rng, Sounds], Pcm]
GROUPS = ("easy", "middle", "hard", "hardest", "other")


@dataclass(frozen=True)
class Condition:
    """One way in which a recording is not what was enrolled.

    `speed` is how many seconds of the recording a second of the result plays.
    """

    name: str
    group: str
    change: Change
    speed: float = 1.0


def clean(pcm: Pcm, _rng: Rng, _sounds: Sounds) -> Pcm:
    """Nothing but another place to begin, and another level: all queries have these."""
    return pcm


def through(codec: str, pcm: Pcm, _rng: Rng, _sounds: Sounds) -> Pcm:
    """A lossy codec, encoded and decoded."""
    return coded(pcm, codec)


def telephone(pcm: Pcm, _rng: Rng, _sounds: Sounds) -> Pcm:
    """A telephone line: 300 to 3,400 Hz, 8 kHz, 8 bit by the mu law."""
    band = signal.butter(4, (300, 3_400), "bandpass", fs=RATE_HZ, output="sos")
    line = _peak_at(signal.resample_poly(signal.sosfilt(band, pcm), 1, 2), 0.7)
    law = np.sign(line) * np.log1p(255 * np.abs(line)) / np.log(256)
    law = np.round(law * 127) / 127
    heard = np.sign(law) * np.expm1(np.abs(law) * np.log(256)) / 255
    return signal.resample_poly(heard, 2, 1)


def eight_bit(pcm: Pcm, _rng: Rng, _sounds: Sounds) -> Pcm:
    """8 kHz and 8 bit, without dither."""
    low = _peak_at(signal.resample_poly(pcm, 1, 2), 0.5)
    return signal.resample_poly(np.round(low * 127) / 127, 2, 1)


def tilt(db: float, pcm: Pcm, _rng: Rng, _sounds: Sounds) -> Pcm:
    """An equaliser: `db` more at 3.2 kHz than at 400 Hz, as much again outside them."""
    octaves = np.clip(np.log2(np.fft.rfftfreq(len(pcm), 1 / RATE_HZ) / 1_131 + 1e-9), -3.5, 2.5)
    gain = 10 ** (db / 3 * octaves / 20)
    return np.fft.irfft(np.fft.rfft(pcm) * gain, len(pcm))


def compression(pcm: Pcm, rng: Rng, _sounds: Sounds) -> Pcm:
    """Radio: 8:1 above -30 dB of the peak, then driven into hard clipping."""
    level = signal.lfilter([0.002], [1, -0.998], np.abs(_peak_at(pcm, 1.0)))
    over = np.maximum(20 * np.log10(level + 1e-6) + 30, 0)
    squeezed = pcm * 10 ** (-over * (1 - 1 / 8) / 20)
    ceiling = rms(squeezed) * rng.uniform(1.0, 2.0)
    return np.clip(squeezed, -ceiling, ceiling)


def tempo(factor: float, pcm: Pcm, _rng: Rng, _sounds: Sounds) -> Pcm:
    """Faster at the same pitch."""
    return stretched(pcm, tempo=factor)


def pitch(semitones: float, pcm: Pcm, _rng: Rng, _sounds: Sounds) -> Pcm:
    """Higher at the same tempo."""
    return stretched(pcm, pitch=2 ** (semitones / 12))


def speed(percent: int, pcm: Pcm, _rng: Rng, _sounds: Sounds) -> Pcm:
    """Faster and higher together, as a turntable does."""
    return signal.resample_poly(pcm, 100, 100 + percent)


def noisy(colour: str, snr_db: float, pcm: Pcm, rng: Rng, _sounds: Sounds) -> Pcm:
    """Noise of a colour."""
    return mixed(pcm, noise(len(pcm), rng, colour), snr_db)


def talked_over(snr_db: float, pcm: Pcm, rng: Rng, sounds: Sounds) -> Pcm:
    """One person speaking; the ratio is to the speech without its pauses."""
    return mixed(pcm, sounds.speech(len(pcm), rng), snr_db)


def babble(snr_db: float, pcm: Pcm, rng: Rng, sounds: Sounds) -> Pcm:
    """Six people speaking."""
    return mixed(pcm, sounds.babble(len(pcm), rng), snr_db)


def another_song(snr_db: float, pcm: Pcm, rng: Rng, sounds: Sounds) -> Pcm:
    """Another song at the same time, one that is in no database."""
    return mixed(pcm, sounds.song(len(pcm), rng), snr_db)


def reverb(pcm: Pcm, rng: Rng, _sounds: Sounds) -> Pcm:
    """A room: RT60 0.3 to 1 s, direct to reverberant sound -6 to 3 dB."""
    return signal.fftconvolve(pcm, room(rng, rng.uniform(0.3, 1.0), rng.uniform(-6, 3)))


def cafe(pcm: Pcm, rng: Rng, sounds: Sounds) -> Pcm:
    """A phone in a café: the room (RT60 0.4 to 0.8 s), people and hum at 10 dB, a small
    microphone."""
    heard = signal.fftconvolve(pcm, room(rng, rng.uniform(0.4, 0.8), rng.uniform(-6, 0)))
    around = sounds.babble(len(heard), rng) + noise(len(heard), rng, "pink")
    around = signal.fftconvolve(around, room(rng, 0.6, -6.0))[: len(heard)]
    around /= rms(around)
    microphone = signal.butter(2, (200, 7_000), "bandpass", fs=RATE_HZ, output="sos")
    return signal.sosfilt(microphone, mixed(heard, around, 10.0))


def room(rng: Rng, rt60: float, direct_to_rest_db: float) -> Pcm:
    """An impulse response: the direct sound, a dozen early echoes, and noise that decays by 60 dB
    in `rt60` seconds and loses its heights on the way."""
    time = np.arange(int(rt60 * RATE_HZ)) / RATE_HZ
    late = rng.standard_normal(len(time)) * (time > 0.02)
    walls = signal.butter(1, rng.uniform(2_500, 6_000), fs=RATE_HZ, output="sos")
    rest = signal.sosfilt(walls, late)
    early = rng.integers(int(0.003 * RATE_HZ), int(0.05 * RATE_HZ), 12)
    rest[early] += rng.choice([-1, 1], 12) * rng.uniform(1, 4, 12)
    rest *= 10 ** (-3 * time / rt60)
    rest *= 10 ** (-direct_to_rest_db / 20) / np.sqrt(np.sum(rest**2))
    rest[0] = 1.0
    return rest


def mixed(pcm: Pcm, other: Pcm, snr_db: float) -> Pcm:
    """`other`, at unit level, so far below the music."""
    return pcm + other[: len(pcm)] * (rms(pcm) * 10 ** (-snr_db / 20))


def _peak_at(pcm: Pcm, peak: float) -> Pcm:
    return pcm * (peak / (np.max(np.abs(pcm)) + 1e-9))


def _table() -> list[Condition]:
    def each(prefix: str, change: Callable, values: dict[float, str]) -> list[Condition]:
        named = values.items()
        return [Condition(f"{prefix}_{v:g}", group, partial(change, v)) for v, group in named]

    table = [Condition("clean", "easy", clean)]
    for codec in ("mp3_128", "mp3_32", "aac_64", "opus_24"):
        table.append(Condition(codec, "easy", partial(through, codec)))
    for codec in ("opus_8", "gsm"):
        table.append(Condition(codec, "middle", partial(through, codec)))
    table.append(Condition("telephone", "easy", telephone))
    table.append(Condition("8khz_8bit", "easy", eight_bit))
    table.append(Condition("compression", "easy", compression))
    table += [Condition(f"eq_{db:+d}", "easy", partial(tilt, db)) for db in (12, -12)]
    for percent in (2, -2, 5, -5):
        factor = 1 + percent / 100
        table.append(Condition(f"tempo_{percent:+d}", "easy", partial(tempo, factor), factor))
    for steps in (1, -1):
        table.append(Condition(f"pitch_{steps:+d}", "easy", partial(pitch, steps)))
    for percent in (1, -1, 2, -2, 5, -5):
        factor = 1 + percent / 100
        table.append(Condition(f"speed_{percent:+d}", "easy", partial(speed, percent), factor))
    table.append(Condition("cafe", "middle", cafe))
    table.append(Condition("reverb", "middle", reverb))
    for colour in ("white", "pink"):
        change = partial(noisy, colour)
        table += each(colour, change, {10: "other", 5: "other", 0: "hard"})
    table += each("speech", talked_over, {5: "other", 0: "hard", -5: "hardest"})
    table += each("babble", babble, {0: "hardest"})
    table += each("song", another_song, {0: "hard"})
    return table


CONDITIONS = {condition.name: condition for condition in _table()}
