#!/usr/bin/env python3
"""Fills in titles and artists of a folder's files, as a server knows the recordings.

    pip install onmon mutagen
    python titles.py --server http://127.0.0.1:8787 ~/Music            # what would be written
    python titles.py --server http://127.0.0.1:8787 --write ~/Music    # writes it

Only what is missing is filled in, unless --overwrite is given. Files whose recording is not known
stay as they are. The exit code is 1 where a file could not be read or written.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import sys
from pathlib import Path

import mutagen

import onmon

ENDINGS = {".mp3", ".flac", ".ogg", ".opus", ".m4a"}


def identified(path: Path, server: onmon.Server) -> onmon.Recording | None:
    """The recording in a file, if the server knows it."""
    matches = server.identify(onmon.fingerprint_file(path)).matches
    return matches[0] if matches else None


def fill_in(path: Path, found: onmon.Recording, write: bool, overwrite: bool) -> list[str]:
    """Sets what is known and missing; says what that was."""
    tags = mutagen.File(path, easy=True)
    if tags is None:
        raise onmon.OnmonError("no_tags", "mutagen knows no tags for this kind of file")
    if tags.tags is None:
        tags.add_tags()
    changes = []
    for name, value in (("title", found.title), ("artist", found.artist)):
        if value and (overwrite or not tags.get(name)) and tags.get(name) != [value]:
            tags[name] = value
            changes.append(f"{name}: {value}")
    if write and changes:
        tags.save()
    return changes


def take(path: Path, server: onmon.Server, options: argparse.Namespace) -> tuple[str, bool]:
    """Does one file; a line on it, and whether it went well."""
    try:
        found = identified(path, server)
        if found is None:
            return f"{path}: not known", True
        changes = fill_in(path, found, options.write, options.overwrite)
        return f"{path}: {', '.join(changes) or 'nothing to fill in'}", True
    except (OSError, onmon.OnmonError, mutagen.MutagenError) as error:
        return f"{path}: {error}", False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--server", required=True, metavar="URL")
    parser.add_argument("--write", action="store_true", help="write it; else it is only shown")
    parser.add_argument("--overwrite", action="store_true", help="also where there is a title")
    options = parser.parse_args()
    server = onmon.Server(options.server)
    files = sorted(path for path in options.folder.rglob("*") if path.suffix.lower() in ENDINGS)
    all_well = True
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for line, well in pool.map(lambda path: take(path, server, options), files):
            print(line, file=sys.stdout if well else sys.stderr)
            all_well &= well
    return 0 if all_well else 1


if __name__ == "__main__":
    sys.exit(main())
