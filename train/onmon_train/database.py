"""The measurement's songs on disk, and which of them are enrolled and which are held out."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from . import chromaprint, sources
from .questions import Song
from .sources import Track

# One song in so many is unknown.
HELD_OUT = 4


def stored(tracks: list[Track], folder: Path) -> dict[str, Path]:
    """Each track decoded once, as raw 16-kHz files that later runs find again."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {track.id: folder / (track.id.replace("/", "__") + ".s16") for track in tracks}

    def decode(track: Track) -> None:
        file = files[track.id]
        if not file.exists():
            pcm = np.clip(sources.decoded(track.path), -1, 1) * 32_767
            partial = file.with_suffix(".partial")
            pcm.round().astype("<i2").tofile(partial)
            partial.rename(file)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(decode, tracks))
    return files


def fingerprints(files: dict[str, Path]) -> chromaprint.Catalogue:
    """Chromaprint's fingerprints of all songs."""
    with ThreadPoolExecutor(2) as pool:
        return chromaprint.Catalogue(
            list(files), list(pool.map(chromaprint.fingerprint, files.values()))
        )


def merged(names: list[str], pairs: list[tuple[str, str]]) -> dict[str, str]:
    """For each song the one that stands for it and its duplicates."""
    stands = {name: name for name in names}
    for one, other in pairs:
        kept, gone = sorted((stands[one], stands[other]))
        stands = {name: kept if by == gone else by for name, by in stands.items()}
    return stands


def parted(files: dict[str, Path], same: dict[str, str], seed: int) -> list[Song]:
    """All songs, a quarter of them (with their duplicates) held out; in an order of chance."""
    recordings = sorted(set(same.values()))
    random.Random(seed).shuffle(recordings)
    held_out = set(recordings[::HELD_OUT])
    order = {name: at for at, name in enumerate(recordings)}
    names = sorted(files, key=lambda name: (order[same[name]], name))
    return [Song(name, files[name], same[name] not in held_out) for name in names]
