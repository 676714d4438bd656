"""Decodes what training reads: tracks and voices as 8 kHz 16-bit mono, one raw file each."""

import argparse
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import sources
from .frontend import RATE_HZ

LONGEST_S = 400
TRAINING_VOICES = ("en", "es", "fr")


def decode(path: Path, out: Path) -> None:
    """Nothing is left half-written, and what is there is not made again."""
    if out.exists():
        return
    raw = ["-map", "a:0", "-t", str(LONGEST_S), "-ac", "1", "-ar", str(RATE_HZ), "-f", "s16le", "-"]
    run = ["ffmpeg", "-v", "error", "-threads", "1", "-i", str(path), *raw]
    pcm = subprocess.run(run, capture_output=True, check=True).stdout
    partial = out.with_suffix(".partial")
    partial.write_bytes(pcm)
    partial.rename(out)


def name(package: str, path: Path) -> str:
    inside = path.relative_to(sources.fetched(package))
    return f"{package}__{str(inside).replace('/', '_')}.i16"


def voices(language: str) -> list[tuple[str, Path]]:
    found = []
    for package in sources.packages(f"speech {language}"):
        files = sorted(sources.fetched(package.name).rglob("*.wav"))
        found += [(package.name, path) for path in files]
    return found


def music(split: str) -> list[tuple[str, Path]]:
    return [(track.package, track.path) for track in sources.tracks(split)]


def speech(languages: tuple[str, ...]) -> list[tuple[str, Path]]:
    return [pair for language in languages for pair in voices(language)]


KINDS = {
    "train": lambda: music("train"),
    "validation": lambda: music("validation"),
    "speech_train": lambda: speech(TRAINING_VOICES),
    # What privacy is measured on; training never sees it.
    "speech_test": lambda: speech(sources.TEST_VOICES),
}


def make(folder: Path, kinds: list[str], jobs: int) -> None:
    for kind in kinds:
        files = KINDS[kind]()
        (folder / kind).mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda p: decode(p[1], folder / kind / name(*p)), files))
        print(f"{kind}: {len(files)} files")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", choices=KINDS, help="these folders alone")
    options = parser.parse_args()
    make(options.folder, options.only or list(KINDS), options.jobs)
