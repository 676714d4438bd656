"""The music, speech and loops that training and measuring may use, and which of them for what.

All of it comes from Debian packages with free licences, unpacked under target/music/PACKAGE
(`ONMON_MUSIC` names another such folder). A package belongs to one split for good: what is
measured on was never trained on. `python -m onmon_train.sources SPLIT ...` fetches and lists.
"""

import fcntl
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
RATE_HZ = 16_000
SHORTEST_S = 30.0
SMALLEST = 100_000
AUDIO = {".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav"}


@dataclass(frozen=True)
class Package:
    """A Debian package, what it is used for, and under which licence its sound is."""

    name: str
    split: str
    licence: str


def _voice(language: str) -> Package:
    return Package(f"asterisk-core-sounds-{language}-wav", f"speech {language}", "CC-BY-SA-3.0")


# The licence is a note; what counts is usr/share/doc/PACKAGE/copyright in the package.
PACKAGES = (
    Package("warzone2100-music", "train", "GPL-2+, CC0-1.0"),
    Package("supertuxkart-data", "train", "CC-BY-SA-3.0, CC-BY-SA-4.0, CC-BY-3.0, CC0"),
    Package("supertux-data", "train", "GPL-2+, CC-BY-SA-4.0"),
    Package("ufoai-music", "train", "GPL-2+, CC-BY-SA-3.0, CC-BY-3.0, public domain"),
    Package("redeclipse-data", "train", "CC-BY-SA-3.0, CC-BY-3.0, CC0-1.0"),
    Package("planetblupi-music-ogg", "train", "GPL-3+"),
    Package("fillets-ng-data", "train", "GPL-2"),
    Package("endless-sky-data", "train", "CC-BY-SA-4.0, CC-BY-SA-3.0, public domain"),
    Package("asc-music", "train", "GPL-2+"),
    Package("btanks-data", "train", "GPL-2 with the Battle Tanks additions"),
    Package("lincity-ng-data", "train", "GPL-2+"),
    Package("xmoto-data", "train", "GPL-2+"),
    Package("fretsonfire-songs-sectoid", "train", "GPL"),
    Package("singularity-music", "validation", "CC-BY-SA-3.0"),
    Package("drascula-music", "validation", "Drascula-License (free to copy, not to sell alone)"),
    Package("hedgewars-data", "validation", "GPL-2, GFDL-1.3"),
    Package("wesnoth-1.16-music", "test", "GPL-2+"),
    Package("hyperrogue-music", "test", "CC-BY-SA-3.0, CC-BY-SA-4.0"),
    Package("freedroidrpg-data", "test", "GPL-2+"),
    Package("nexuiz-music", "test", "GPL-2"),
    Package("fretsonfire-songs-muldjord", "test", "CC-BY-SA-3.0"),
    _voice("en"),
    _voice("es"),
    _voice("fr"),
    _voice("it"),
    _voice("ru"),
    # What the English prompts say.
    Package("asterisk-core-sounds-en", "transcripts", "CC-BY-SA-3.0"),
    Package("hydrogen-drumkits", "loops", "GPL-2+, GPL-2"),
    Package("sonic-pi-samples", "loops", "CC0"),
)
MUSIC_SPLITS = ("train", "validation", "test")
# Voices of the measurement; training may use the others.
TEST_VOICES = ("it", "ru")


@dataclass(frozen=True)
class Track:
    """One song on disk."""

    package: str
    path: Path
    seconds: float

    @property
    def id(self) -> str:
        """A name that is unique and tells a person which song it is."""
        own = self.path.parent.name if self.path.stem == "song" else self.path.stem
        return f"{self.package}/{own}"


def packages(split: str) -> list[Package]:
    """The packages of a split; `speech` alone means every voice."""
    chosen = [p for p in PACKAGES if p.split == split or p.split.startswith(f"{split} ")]
    if not chosen:
        raise ValueError(f"no split {split}: " + ", ".join(sorted({p.split for p in PACKAGES})))
    return chosen


def music_folder() -> Path:
    """Where packages lie unpacked, one folder each."""
    given = os.environ.get("ONMON_MUSIC")
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
    return Path(given) if given else target / "music"


@cache
def fetched(package: str) -> Path:
    """The package's folder, downloaded and unpacked unless it is there."""
    if package not in {known.name for known in PACKAGES}:
        raise ValueError(f"{package} is not one of the packages that may be used")
    folder = music_folder() / package
    if _is_whole(folder):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if not (folder / "complete").exists():
            _fetch(package, folder)
        for archive in sorted(folder.rglob("*.pk3")):
            _unzip(archive)
    return folder


def _is_whole(folder: Path) -> bool:
    unzipped = (archive.with_suffix(".d").is_dir() for archive in folder.rglob("*.pk3"))
    return (folder / "complete").exists() and all(unzipped)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Waits for other processes that fetch this package: on a new machine several want it at once."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(package: str, folder: Path) -> None:
    print(f"fetching Debian's {package} into {folder}", file=sys.stderr)
    download = ["apt-get", "-qq", "download", package]
    if subprocess.run(download, cwd=folder).returncode != 0:
        # A new machine has no lists yet; only root may refresh them.
        subprocess.run(["apt-get", "-qq", "update"])
        if subprocess.run(download, cwd=folder).returncode != 0:
            raise SystemExit(
                f"apt-get cannot download {package}: run `sudo apt-get update`, or set ONMON_MUSIC "
                "to a folder that holds it unpacked (PACKAGE/usr/... and an empty PACKAGE/complete)"
            )
    archive = next(folder.glob("*.deb"))
    subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
    archive.unlink()
    (folder / "complete").touch()


def _unzip(archive: Path) -> None:
    folder = archive.with_suffix(".d")
    if folder.is_dir():
        return
    partial = archive.with_suffix(".partial")
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(partial)
    partial.rename(folder)


def audio_files(package: str) -> list[Path]:
    """Every audio file of a package, in the order of their paths, links left out."""
    found = fetched(package).rglob("*")
    return sorted(p for p in found if p.suffix.lower() in AUDIO and not p.is_symlink())


def tracks(split: str, only: tuple[str, ...] = ()) -> list[Track]:
    """Songs longer than half a minute, of all the split's packages or of some, each once."""
    found: list[Track] = []
    for package in packages(split):
        if only and package.name not in only:
            continue
        lengths = _lengths(package.name)
        kept: dict[str, Track] = {}
        for path in audio_files(package.name):
            track = Track(package.name, path, lengths[str(path)])
            # The guitar alone is a part of song.ogg; one stem in two formats or folders is one
            # song.
            if track.seconds > SHORTEST_S and path.name != "guitar.ogg":
                kept.setdefault(track.id, track)
        found.extend(kept.values())
    return found


def _lengths(package: str) -> dict[str, float]:
    """Seconds of each audio file, remembered beside the packages."""
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
    store = target / "robustness" / "lengths" / f"{package}.json"
    files = [str(path) for path in audio_files(package)]
    known = json.loads(store.read_text()) if store.exists() else {}
    if set(known) != set(files):
        with ThreadPoolExecutor(2) as pool:
            known = dict(zip(files, pool.map(_length, files), strict=True))
        store.parent.mkdir(parents=True, exist_ok=True)
        store.write_text(json.dumps(known))
    return known


def _length(path: str) -> float:
    """Seconds of audio as the container tells; 0 where it is damaged (some packages' files are)
    or too small to hold half a minute: games carry a thousand sound effects."""
    if os.path.getsize(path) < SMALLEST:
        return 0.0
    ask = ["ffprobe", "-v", "quiet", "-show_entries", "format=duration", "-of", "csv=p=0", path]
    told = subprocess.run(ask, capture_output=True, text=True).stdout.strip()
    try:
        return float(told)
    except ValueError:
        return 0.0


def decoded(path: Path) -> np.ndarray:
    """A file as mono float PCM at 16 kHz."""
    decode = ["ffmpeg", "-v", "error", "-threads", "1", "-i", str(path), "-map", "a:0"]
    decode += ["-ac", "1", "-ar", str(RATE_HZ), "-f", "s16le", "-"]
    raw = subprocess.run(decode, capture_output=True, check=True).stdout
    return np.frombuffer(raw, "<i2").astype(np.float32) / 32_768


if __name__ == "__main__":
    for wanted in sys.argv[1:] or MUSIC_SPLITS:
        listed = tracks(wanted)
        for one in listed:
            print(f"{one.seconds:7.1f} s  {one.id}")
        print(f"{wanted}: {len(listed)} tracks, {sum(t.seconds for t in listed) / 3600:.1f} h")
