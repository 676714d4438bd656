"""The peer: Chromaprint's `fpcalc` with two ways of deciding, both on its raw 32-bit items.

AcoustID's rule is what its server applies to a lookup (`acoustid_compare2`, score above 0.3),
written anew from its description, and given more to find: references are whole, not their first
two minutes; every one is compared, not what its index proposes; and at any offset.

The full match lays the question on every place of every reference and takes the least bit error.
Its limits are ours, for Chromaprint has none: set on the validation split, where at most about one
clip in a hundred is named while its song is left out.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .sources import RATE_HZ

Items = np.ndarray

HASH_BITS = 14
SCORE_MIN = 0.3
# Share of an offset's votes in the different items below which AcoustID sees no agreement.
VOTES_MIN = 0.02
# Bit error up to which a full match names: questions of 60 items (10 s) and more, shorter ones.
ERROR_MAX_LONG, ERROR_MAX_SHORT, LONG_ITEMS = 0.28, 0.18, 60
# Silence and drones repeat one item, which lies in many recordings; 95 clips of 100 have more.
DISTINCT_MIN = 0.75
# Two files whose middle 30 s differ in fewer bits are one recording.
SAME_ERROR, SAME_ITEMS = 0.12, 240


def available() -> bool:
    """Whether fpcalc is installed."""
    return shutil.which("fpcalc") is not None


def fingerprint(path: Path) -> Items:
    """The items of a raw 16-kHz file, about eight a second."""
    ask = ["fpcalc", "-format", "s16le", "-rate", str(RATE_HZ), "-channels", "1"]
    ask += ["-raw", "-json", "-length", "0", str(path)]
    # It exits with 3 at the end of any raw file and has printed its result before.
    told = subprocess.run(ask, capture_output=True, text=True)
    if not told.stdout.startswith("{"):
        if "Empty fingerprint" in told.stderr:
            return np.zeros(0, np.uint32)
        raise RuntimeError(f"`{' '.join(ask)}` failed: {told.stderr.strip()}")
    return np.array(json.loads(told.stdout)["fingerprint"], np.uint32)


@dataclass
class Catalogue:
    """References one behind the other, and where each lies."""

    names: list[str]
    items: list[Items]

    def __post_init__(self) -> None:
        self.all = np.concatenate(self.items)
        ends = np.cumsum([len(one) for one in self.items])
        self.owner = np.repeat(np.arange(len(self.items)), [len(one) for one in self.items])
        self.left = ends[self.owner] - np.arange(len(self.all))
        self.last = [_last_places(one) for one in self.items]

    def by_acoustid(self, parts: list[Items]) -> str | None:
        """The reference with the highest score of any part, if AcoustID would name it."""
        best, name = SCORE_MIN, None
        for part in parts:
            places = _last_places(part)
            for at, reference in enumerate(self.items):
                score = _compare2(part, places, reference, self.last[at])
                if score > best:
                    best, name = score, self.names[at]
        return name

    def by_full_match(self, parts: list[Items]) -> str | None:
        """The reference with the least bit error of any part, if that is low enough."""
        best, name = 1.0, None
        for part in parts:
            error, at = self.nearest(part)
            limit = ERROR_MAX_LONG if len(part) >= LONG_ITEMS else ERROR_MAX_SHORT
            enough = len(np.unique(part)) >= DISTINCT_MIN * len(part)
            if error < min(best, limit) and enough:
                best, name = error, self.names[at]
        return name

    def nearest(self, part: Items, without: int = -1) -> tuple[float, int]:
        """Least bit error at any place, and whose reference that is; one may be left out."""
        span = len(self.all) - len(part) + 1
        if len(part) == 0 or span <= 0:
            return 1.0, 0
        errors = np.zeros(span, np.uint16)
        for at, item in enumerate(part):
            errors += np.bitwise_count(self.all[at : at + span] ^ item)
        inside = (self.left[:span] >= len(part)) & (self.owner[:span] != without)
        place = int(np.argmin(np.where(inside, errors, 65_535)))
        return float(errors[place]) / (32 * len(part)), int(self.owner[place])

    def same(self) -> list[tuple[str, str]]:
        """Pairs of references that are one recording."""
        pairs = []
        for at, items in enumerate(self.items):
            middle = items[max(0, len(items) - SAME_ITEMS) // 2 :][:SAME_ITEMS]
            error, other = self.nearest(middle, without=at)
            if error <= SAME_ERROR and len(np.unique(middle)) >= len(middle) / 4:
                pairs.append((self.names[at], self.names[other]))
        return pairs


def _last_places(items: Items) -> np.ndarray:
    """Where each hash (an item's upper bits) occurs last; -1 where it does not."""
    places = np.full(1 << HASH_BITS, -1, np.int64)
    places[items >> np.uint32(32 - HASH_BITS)] = np.arange(len(items))
    return places


def _distinct(items: Items) -> int:
    return len(np.unique(items >> np.uint32(32 - HASH_BITS)))


def _compare2(asked: Items, asked_last: np.ndarray, known: Items, known_last: np.ndarray) -> float:
    """AcoustID's score: bits in common at the offset with the most hashes in common, the less the
    more the fingerprints repeat themselves."""
    both = (asked_last >= 0) & (known_last >= 0)
    if not both.any():
        return 0.0
    offsets, votes = np.unique(known_last[both] - asked_last[both], return_counts=True)
    offset, most = int(offsets[np.argmax(votes)]), int(votes.max())
    shortest = min(len(asked), len(known))
    asked, known = asked[max(0, -offset) :], known[max(0, offset) :]
    common = min(len(asked), len(known))
    different = _distinct(asked), _distinct(known)
    if common == 0 or most < max(different) * VOTES_MIN:
        return 0.0
    wrong = int(np.bitwise_count(asked[:common] ^ known[:common]).sum())
    score = max(0.0, common / shortest * (1 - 2 * wrong / (32 * common)))
    shares = [
        (n + 10) / len(items) + 0.5 for n, items in zip(different, (asked, known), strict=True)
    ]
    return score ** (8 - 7 * min(1.0, *shares))
