"""Measures how much of real music is still named after what happens to it on its way.

`python -m onmon_train.robustness` (or `cargo xtask bench robustness`) enrols three quarters of a
split's songs, asks for them under every condition as clips of 5 s and 15 s and as six samples,
asks for what is not enrolled, and puts the same questions to onmon and to Chromaprint.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from . import chromaprint, database, questions, sources
from .chromaprint import Catalogue
from .conditions import CONDITIONS, Condition
from .onmon import Onmon, encoders
from .questions import LENGTHS, Question, Song
from .report import UNKNOWN, Report
from .sounds import Sounds

ACOUSTID, FULL_MATCH = "Chromaprint, AcoustID's rule", "Chromaprint, full match"
# Clips asked of each held-out song, and questions of each kind that is not music.
PLACES, NO_MUSIC = 3, 12
# Songs that are mixed in when "another song" is asked for.
MIXED_IN = 12


@dataclass(frozen=True)
class Job:
    """Questions that are made together: of one song and condition, or of one kind of sound."""

    condition: str
    song: Song | None = None
    place: int = 0
    whole: bool = False


@dataclass(frozen=True)
class Work:
    """What every worker process knows."""

    lengths: tuple[str, ...]
    seed: int
    sounds: Sounds
    folder: Path
    catalogue: Catalogue | None


_work: Work


def main() -> None:
    """The command."""
    options = arguments()
    # xtask stops its children so; the questions' folder is to be removed then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    begun = time.monotonic()
    target = sources.ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
    scratch = Path(tempfile.mkdtemp(prefix="questions-", dir=_made(target / "robustness")))
    try:
        report = measure(options, target, scratch)
    finally:
        shutil.rmtree(scratch)
    report.facts["seconds"] = round(time.monotonic() - begun)
    publish(report, options)
    if options.floor is not None:
        check(report, options.floor)


def arguments() -> argparse.Namespace:
    """The options; `cargo xtask bench robustness --help` repeats them."""

    def listed(text: str) -> tuple[str, ...]:
        return tuple(part for part in text.split(",") if part)

    parser = argparse.ArgumentParser(prog="robustness", description=__doc__)
    add = parser.add_argument
    add("--split", choices=("test", "validation"), default="test")
    add("--packages", type=listed, default=(), help="only these packages of the split")
    add("--tracks", type=int, default=40, help="enrolled songs to ask for")
    add("--whole", type=int, default=14, help="songs of these to ask for as six samples too")
    add("--conditions", type=listed, default=tuple(CONDITIONS), help="by name or group")
    add("--lengths", type=listed, default=LENGTHS, help="of 5,15,six")
    add("--unknown", type=listed, default=UNKNOWN, help="what to ask for that is not enrolled")
    add("--systems", type=listed, default=("onmon", "fpcalc"))
    add("--seed", type=int, default=1)
    add("--jobs", type=int, default=2)
    add("--program", type=Path, required=True, help="tests/examples/robustness.rs, built")
    add("--out", type=Path, help="folder for robustness.json and robustness.svg")
    add("--codes-to", type=Path, help="file for the default encoder's codes of all that is asked")
    add("--json", action="store_true", help="print JSON instead of the table")
    add("--floor", type=float, help="fail below this mean over easy conditions, or on a false name")
    options = parser.parse_args()
    options.conditions = _conditions(parser, options.conditions)
    for given, known in ((options.lengths, LENGTHS), (options.unknown, UNKNOWN)):
        if unknown := set(given) - set(known):
            parser.error(f"{', '.join(unknown)}: it is one of {', '.join(known)}")
    return options


def _conditions(parser: argparse.ArgumentParser, given: tuple[str, ...]) -> list[Condition]:
    chosen = [c for c in CONDITIONS.values() if c.name in given or c.group in given]
    known = {*CONDITIONS, *(condition.group for condition in CONDITIONS.values())}
    if wrong := set(given) - known:
        parser.error(f"{', '.join(wrong)}: it is one of {', '.join(sorted(known))}")
    return chosen


def measure(options: argparse.Namespace, target: Path, scratch: Path) -> Report:
    """Enrols, asks, counts."""
    tracks = sources.tracks(options.split, options.packages)
    _say(f"{len(tracks)} songs, {sum(track.seconds for track in tracks) / 3600:.1f} h")
    files = database.stored(tracks, target / "robustness" / "pcm")
    prints = database.fingerprints(files) if "fpcalc" in options.systems else None
    pairs = prints.same() if prints else []
    same = database.merged(list(files), pairs)
    songs = database.parted(files, same, options.seed)
    enrolled = [song for song in songs if song.enrolled]
    held_out = [song for song in songs if not song.enrolled]
    _say(f"{len(enrolled)} enrolled, {len(held_out)} held out, duplicates: {pairs}")

    systems = running(options, enrolled)
    catalogue = _only(prints, enrolled) if prints else None
    names = [*systems, *((ACOUSTID, FULL_MATCH) if catalogue else ())]
    facts = {
        "split": options.split,
        "seed": options.seed,
        "hours": round(sum(song.seconds() for song in enrolled) / 3600, 2),
        "enrolled": [song.id for song in enrolled],
        "held_out": [song.id for song in held_out],
        "duplicates": pairs,
    }
    report = Report(names, same, facts)
    sounds = Sounds([song.path for song in held_out[:MIXED_IN]])
    work = Work(options.lengths, options.seed, sounds, scratch, catalogue)
    ask_all(jobs(options, enrolled, held_out), work, options.jobs, systems, report)
    for system in systems.values():
        system.close()
    return report


def running(options: argparse.Namespace, enrolled: list[Song]) -> dict[str, Onmon]:
    """Every encoder of the build as a system, with all songs enrolled."""
    systems = {}
    if "onmon" in options.systems:
        default, *others = encoders(options.program)
        systems[f"onmon, encoder {default}"] = Onmon(options.program, default, options.codes_to)
        for encoder in others:
            systems[f"onmon, encoder {encoder}"] = Onmon(options.program, encoder)
    for name, system in systems.items():
        for song in tqdm(enrolled, f"enrolling, {name}", leave=False, disable=None):
            system.enrol(song.id, song.path)
    return systems


def jobs(options: argparse.Namespace, enrolled: list[Song], held_out: list[Song]) -> list[Job]:
    """Everything to ask, the dearest first so that no process is left alone at the end."""
    asked = enrolled[: options.tracks]
    whole = asked[: options.whole] if "six" in options.lengths else []
    clips = "5" in options.lengths or "15" in options.lengths
    todo = [Job(c.name, song, whole=True) for c in options.conditions for song in whole]
    if "unknown music" in options.unknown:
        if "six" in options.lengths:
            todo += [Job("unknown music", song, whole=True) for song in held_out]
        if clips:
            places = range(PLACES)
            todo += [Job("unknown music", song, place) for song in held_out for place in places]
    if clips:
        todo += [Job(c.name, song) for c in options.conditions for song in asked]
    kinds = [kind for kind in options.unknown if kind != "unknown music"]
    return todo + [Job(kind, place=at) for kind in kinds for at in range(NO_MUSIC)]


def ask_all(
    todo: list[Job], work: Work, processes: int, systems: dict[str, Onmon], report: Report
) -> None:
    """Makes the questions in processes of their own, and has them answered as they come."""
    # Spawned: a forked process has the handler of SIGTERM above, which a Pool sends at its end; one
    # that is about to wait for a lock then waits for good (seen in one run of five beside another).
    # An executor also says when a process has died.
    spawned = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, spawned, initializer=_know, initargs=(work,))
    try:
        made = as_completed([pool.submit(perform, job) for job in todo])
        pace = 1 if sys.stderr.isatty() else 30
        for asked in tqdm(made, "asking", len(todo), mininterval=pace, maxinterval=pace):
            for question, named in asked.result():
                sure: dict[str, float] = {}
                for name, system in systems.items():
                    best = (system.identify(question.id, question.parts) or [None])[0]
                    named[name] = best and best["reference"]
                    sure[name] = best["confidence"] if best else 0.0
                report.add(question, named, sure)
                for _, path in question.parts:
                    path.unlink()
    finally:
        pool.shutdown(cancel_futures=True)


def _know(work: Work) -> None:
    global _work
    _work = work


def perform(job: Job) -> list[tuple[Question, dict[str, str | None]]]:
    """Makes a job's questions, with Chromaprint's answers to them."""
    truth = job.song.id if job.song and job.song.enrolled else None
    answered = []
    for length, parts in _sounding(job):
        if length not in _work.lengths:
            continue
        about = job.song.id if job.song else str(job.place)
        name = f"{about} {job.condition} {length} {job.place}"
        stored = questions.stored(_work.folder, name, parts)
        question = Question(name, job.condition, length, truth, stored)
        answered.append((question, _by_chromaprint(question)))
    return answered


def _sounding(job: Job) -> Iterator[tuple[str, list]]:
    seed, sounds = _work.seed, _work.sounds
    if job.song is None:
        kinds = questions.no_music(sounds)[job.condition]
        rng = questions.generator(seed, job.condition, str(job.place))
        yield from questions.not_enrolled(kinds[job.place % len(kinds)], rng)
        return
    condition = CONDITIONS.get(job.condition, CONDITIONS["clean"])
    if job.whole:
        yield "six", questions.six(job.song, condition, sounds, seed)
    else:
        yield from questions.clips(job.song, condition, sounds, seed, job.place)


def _by_chromaprint(question: Question) -> dict[str, str | None]:
    catalogue = _work.catalogue
    if catalogue is None:
        return {}
    parts = [chromaprint.fingerprint(path) for _, path in question.parts]
    parts = [part for part in parts if len(part)]
    return {ACOUSTID: catalogue.by_acoustid(parts), FULL_MATCH: catalogue.by_full_match(parts)}


def _only(prints: Catalogue, songs: list[Song]) -> Catalogue:
    known = dict(zip(prints.names, prints.items, strict=True))
    return Catalogue([song.id for song in songs], [known[song.id] for song in songs])


def publish(report: Report, options: argparse.Namespace) -> None:
    """Prints, and writes where that was asked for."""
    print(json.dumps(report.as_json()) if options.json else report.table())
    if options.out:
        from . import plot  # matplotlib takes a second to load, and a gate draws nothing

        data = _made(options.out) / "robustness.json"
        data.write_text(json.dumps(report.as_json(), indent=1) + "\n")
        plot.draw(report, options.out / "robustness.svg")
        _say(f"{data} and robustness.svg written")
    for false in report.false_names:
        if false["system"].startswith("onmon"):
            what = f"{false['asked']} -> {false['named']}, confidence {false['confidence']}"
            _say(f"FALSE NAME by {false['system']}: {what}")
    _say(f"{report.facts['seconds']} s")


def check(report: Report, floor: float) -> None:
    """Fails on a false name by onmon, or where easy conditions are named too rarely."""
    system = next(name for name in report.systems if name.startswith("onmon"))
    false = [one for one in report.false_names if one["system"] == system]
    if false:
        raise SystemExit(f"{len(false)} false names, the first: {false[0]}")
    for length in LENGTHS:
        mean = report.group_mean("easy", length, system)
        if mean is not None and mean < floor:
            raise SystemExit(f"easy conditions, {length}: {mean:.1f} % named, less than {floor}")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
