"""Gathers the music that confidence is calibrated on: songs of the train and validation splits, and
drum loops, in one folder of links and WAV files.

The test split stays out: a threshold fitted to it would be judged by itself.
"""

import argparse
import wave
from pathlib import Path

import numpy as np

from . import sources
from .questions import generator
from .sounds import Pcm, drum_kit_loop, ready_loops, repeated
from .sources import RATE_HZ

SPLITS = ("train", "validation")
# Every loop of sonic-pi-samples, and as many bars played on drum kits, each for this long.
KIT_LOOPS, LOOP_S = 40, 100


def gather(folder: Path) -> int:
    """Fills the folder; what is there is not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    files = 0
    for track in (track for split in SPLITS for track in sources.tracks(split)):
        link = folder / (track.id.replace("/", "__") + track.path.suffix)
        if not link.is_symlink():
            link.symlink_to(track.path.resolve())
        files += 1
    for name, pcm in _loops():
        path = folder / f"{name}.wav"
        if not path.exists():
            _write(path, pcm)
        files += 1
    return files


def _loops():
    length = LOOP_S * RATE_HZ
    for path in ready_loops():
        yield f"sonic-pi-samples__{path.stem}", repeated(path, length)
    for number in range(KIT_LOOPS):
        rng = generator(1, "kit", str(number))
        yield f"hydrogen-drumkits__bar-{number}", drum_kit_loop(length, rng)


def _write(path: Path, pcm: Pcm) -> None:
    loudest = float(np.max(np.abs(pcm))) or 1.0
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((pcm * (0.8 / loudest) * 32_767).round().astype("<i2").tobytes())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    print(f"{gather(parser.parse_args().folder)} recordings")
