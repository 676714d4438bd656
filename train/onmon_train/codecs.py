"""Sound through ffmpeg: lossy codecs there and back, and its time and pitch filter."""

import subprocess
from dataclasses import dataclass

import numpy as np

from .sources import RATE_HZ

Pcm = np.ndarray


@dataclass(frozen=True)
class Codec:
    """How ffmpeg encodes: its arguments, the container, rate and channels that go in."""

    encoder: str
    container: str
    rate_hz: int
    bitrate: str = ""
    channels: int = 1


CODECS = {
    # Two equal channels, as a mono recording in a music library would be.
    "mp3_128": Codec("libmp3lame", "mp3", 44_100, "128k", 2),
    "mp3_32": Codec("libmp3lame", "mp3", 22_050, "32k"),
    "aac_64": Codec("aac", "adts", 44_100, "64k"),
    "opus_24": Codec("libopus", "ogg", 48_000, "24k"),
    "opus_8": Codec("libopus", "ogg", 48_000, "8k"),
    "gsm": Codec("libgsm", "gsm", 8_000),
}
_FFMPEG = ["ffmpeg", "-v", "error", "-threads", "1"]
_RAW = ["-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1"]


def coded(pcm: Pcm, name: str) -> Pcm:
    """Encoded and decoded again; a codec's constant delay stays, as in life."""
    codec = CODECS[name]
    encode = [*_RAW, "-i", "-", "-ar", str(codec.rate_hz), "-ac", str(codec.channels)]
    encode += ["-c:a", codec.encoder]
    if codec.bitrate:
        encode += ["-b:a", codec.bitrate]
    packets = _run([*encode, "-f", codec.container, "-"], _bytes(pcm))
    return _floats(_run(["-f", _demuxer(codec), "-i", "-", *_RAW, "-"], packets))


def stretched(pcm: Pcm, tempo: float = 1.0, pitch: float = 1.0) -> Pcm:
    """Faster or higher, the one without the other (the Rubber Band library)."""
    music = f"rubberband=tempo={tempo}:pitch={pitch}"
    return _floats(_run([*_RAW, "-i", "-", "-af", music, *_RAW, "-"], _bytes(pcm)))


def _demuxer(codec: Codec) -> str:
    return {"adts": "aac"}.get(codec.container, codec.container)


def _run(arguments: list[str], given: bytes) -> bytes:
    done = subprocess.run([*_FFMPEG, *arguments], input=given, capture_output=True)
    if done.returncode != 0 or not done.stdout:
        complaint = done.stderr.decode(errors="replace").strip()
        raise RuntimeError(f"`ffmpeg {' '.join(arguments)}` failed: {complaint}")
    return done.stdout


def _bytes(pcm: Pcm) -> bytes:
    """At a level that leaves codecs headroom: what a person would have recorded."""
    peak = float(np.max(np.abs(pcm), initial=1e-9))
    return np.round(pcm * (0.7 / peak) * 32_767).astype("<i2").tobytes()


def _floats(raw: bytes) -> Pcm:
    return np.frombuffer(raw, "<i2").astype(np.float32) / 32_768
