"""Fits how far unrelated music reaches to what was measured of it: `reach` in core/src/compare.rs.

Reads what `tests/examples/impostors.rs DIR CODES` printed: for each query how far it agrees
with the nearest recordings that it is not, and with the one that it is, and by what deviations were
divided. The slopes of what is beside the place and of the shared period are sought that let the
most queries through, each length at its own threshold: the one that unrelated music of that length
crosses once in 100,000 queries, extrapolated.

    cargo run --release -p onmon-tests --example impostors -- REFERENCES CODES > asked.json
    python -m onmon_train.reach asked.json
"""

import argparse
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import sources
from .conditions import CONDITIONS

GROUPS = ("easy", "middle", "hard", "hardest")
FALSE_NAMES = 1e-5
# Beyond these shares of the queries the tail is taken for exponential; the thresholds' mean counts.
TAILS = (0.1, 0.05, 0.02)
# As in core, where these two were chosen by hand: about the medians of unrelated music.
BESIDE_USUAL, SHARED_PERIOD_USUAL = 2.0, 0.3
REACH_MIN, REACH_MAX = 0.8, 1.1
GATHERED_USUAL = 5.0
SHIPPED = (0.055, 0.7)
# What is mixed into these is enrolled too, or sounds like what is.
NOT_UNRELATED = ("song_0", "loops")
SOFT = 0.3
ROUNDS = 900


@dataclass(frozen=True)
class Kind:
    """All that was asked of one length."""

    # Of the nearest recordings that a query is not, one row each, and which query each is of.
    others: np.ndarray
    query: np.ndarray
    # Of what a query is, and the group of its condition.
    itself: np.ndarray
    group: np.ndarray
    # Half of the songs, for each of both.
    others_half: np.ndarray
    itself_half: np.ndarray


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("asked", type=Path, help="what impostors.rs printed, with CODES")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    asked = json.loads(options.asked.read_text())
    check(asked)
    kinds = gathered(asked)
    print(row("slopes", *kinds))
    show("neither", (0.0, 0.0), kinds)
    for name, mask in (("beside", (1, 0)), ("shared period", (0, 1)), ("both", (1, 1))):
        rng = np.random.default_rng(options.seed)
        show(name, fitted(kinds, mask, rng, None), kinds)
        for half in (0, 1):
            slopes = fitted(kinds, mask, rng, half)
            gain = let_through(kinds, slopes, 1 - half) - let_through(kinds, (0.0, 0.0), 1 - half)
            print(f"  fitted on half of the songs, on the others a gain of {gain:.3f}")
    show("as shipped", SHIPPED, kinds)


def check(asked: dict) -> None:
    """Whether core divides as this file does."""
    for found in (found for query in asked["queries"] for found in query["nearest"]):
        again = divided(np.array([plain(found)]), SHIPPED)[0]
        if abs(again - found["deviations"]) > 0.001:
            raise SystemExit(f"core tells {found['deviations']:.3f}, this file {again:.3f}")


def gathered(asked: dict) -> dict[str, Kind]:
    """By length."""
    left_out = {
        frozenset(pair[1:3])
        for pair in json.loads((sources.ROOT / "docs/calibration.json").read_text())["left_out"]
    }
    kinds = {}
    for kind in ("six samples", "15 s", "5 s"):
        others, query, halves, itself, group, itself_half = [], [], [], [], [], []
        for number, asking in enumerate(q for q in asked["queries"] if q["kind"] == kind):
            half = zlib.crc32(asking["of"].encode()) % 2
            condition = asking["condition"]
            if condition not in NOT_UNRELATED:
                for found in asking["nearest"]:
                    if frozenset((asking["of"], found["of"])) not in left_out:
                        others.append(plain(found))
                        query.append(number)
                        halves.append(half)
            if condition in CONDITIONS:
                itself.append(plain(asking["itself"]) if asking["itself"] else (0.0,) * 5)
                group.append(CONDITIONS[condition].group)
                itself_half.append(half)
        arrays = (others, query, itself, group, halves, itself_half)
        kinds[kind] = Kind(*(np.array(array) for array in arrays))
    return kinds


def plain(found: dict) -> tuple[float, ...]:
    """Deviations before they were divided, what the divisor is made of, how much they are gathered
    beyond what is usual, and what the speed takes."""
    toll = found["toll"]
    alike = float(np.hypot(found["deviations"], np.sqrt(toll)))
    surplus = max(found["gathered"] - GATHERED_USUAL, 0.0)
    # In core the surplus adds no more than what it is added to.
    spread = np.sqrt(alike**2 - surplus**2) if 2 * surplus**2 < alike**2 else alike / np.sqrt(2)
    return spread * found["reach"], found["beside"], found["shared_period"], surplus, toll


def divided(rows: np.ndarray, slopes: tuple[float, float]) -> np.ndarray:
    """Deviations as core tells them, with these slopes."""
    beside = slopes[0] * (rows[:, 1] - BESIDE_USUAL)
    period = slopes[1] * (rows[:, 2] - SHARED_PERIOD_USUAL)
    spread = rows[:, 0] / np.clip(1 + beside + period, REACH_MIN, REACH_MAX)
    alike = np.hypot(spread, np.minimum(rows[:, 3], spread))
    return np.sqrt(np.maximum(alike**2 - rows[:, 4], 0))


def threshold(kind: Kind, slopes: tuple[float, float], half: int | None) -> float:
    """What unrelated music crosses once in 100,000 queries."""
    of = np.ones(len(kind.query), bool) if half is None else kind.others_half == half
    best = np.full(kind.query.max() + 1, -np.inf)
    np.maximum.at(best, kind.query[of], divided(kind.others[of], slopes))
    best = best[np.isfinite(best)]
    found = []
    for share in TAILS:
        begin = np.quantile(best, 1 - share)
        mean = (best[best > begin] - begin).mean()
        found.append(begin + mean * np.log(share / FALSE_NAMES))
    return float(np.mean(found))


def let_through(kinds: dict[str, Kind], slopes: tuple[float, float], half: int | None) -> float:
    """The shares of the groups that pass, added up over the clips; smooth, so that it can be
    fitted."""
    total = 0.0
    for name in ("15 s", "5 s"):
        kind = kinds[name]
        least = threshold(kind, slopes, half)
        of = np.ones(len(kind.group), bool) if half is None else kind.itself_half == half
        beyond = divided(kind.itself, slopes) - least
        for group in GROUPS:
            total += np.mean(1 / (1 + np.exp(-beyond[of & (kind.group == group)] / SOFT)))
    return total


def fitted(kinds, mask: tuple[int, int], rng: np.random.Generator, half: int | None):
    """The slopes that let the most through, by a random walk whose steps get smaller."""
    slopes = np.array([0.05, 0.6]) * mask
    most = let_through(kinds, slopes, half)
    for step in range(ROUNDS):
        tried = slopes + rng.normal(size=2) * np.array([0.02, 0.2]) * mask * 0.5 ** (step // 250)
        passed = let_through(kinds, tried, half)
        if passed > most:
            most, slopes = passed, tried
    return tuple(float(slope) for slope in slopes)


def show(name: str, slopes: tuple[float, float], kinds: dict[str, Kind]) -> None:
    """A row of the table."""
    cells = []
    for kind in kinds.values():
        least = threshold(kind, slopes, None)
        passed = divided(kind.itself, slopes) > least
        shares = " ".join(f"{100 * passed[kind.group == group].mean():5.1f}" for group in GROUPS)
        cells.append(f"{shares} from {least:.2f}")
    print(row(f"{name} {slopes[0]:.3f} {slopes[1]:.3f}", *cells), flush=True)


def row(*cells: str) -> str:
    """For a terminal."""
    return " | ".join(f"{cell:34}" for cell in cells)


if __name__ == "__main__":
    main()
