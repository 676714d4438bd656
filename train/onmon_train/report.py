"""The measurement in numbers: counts per condition, length and system; a table; JSON."""

from collections import defaultdict
from dataclasses import asdict, dataclass

from .conditions import CONDITIONS, GROUPS
from .questions import LENGTHS, Question

UNKNOWN = ("unknown music", "speech", "noise", "silence", "tones", "loops")


@dataclass
class Count:
    """Questions of one condition and length, and what a system said."""

    asked: int = 0
    right: int = 0
    wrong: int = 0

    def per_cent(self) -> float:
        """Named correctly."""
        return 100 * self.right / self.asked if self.asked else 0.0


class Report:
    """Collects answers."""

    def __init__(self, systems: list[str], same: dict[str, str], facts: dict):
        self.systems, self.facts, self._same = systems, facts, same
        self.counts: dict[tuple[str, str, str], Count] = defaultdict(Count)
        self.false_names: list[dict] = []

    def add(self, question: Question, named: dict[str, str | None], sure: dict[str, float]) -> None:
        """What each system named, by its first choice; a recording's duplicates are as good."""
        for system in self.systems:
            name, truth = named[system], question.truth
            count = self.counts[question.condition, question.length, system]
            count.asked += 1
            if name is None:
                continue
            if truth is not None and self._one(name) == self._one(truth):
                count.right += 1
                continue
            count.wrong += 1
            said = {"system": system, "condition": question.condition, "length": question.length}
            confidence = round(sure[system], 1) if system in sure else None
            said |= {"asked": question.id, "named": name, "confidence": confidence}
            self.false_names.append(said)

    def group_mean(self, group: str, length: str, system: str) -> float | None:
        """Mean over a group's conditions, of those that were asked."""
        names = [
            name for name, condition in CONDITIONS.items() if group in (condition.group, "all")
        ]
        counts = [self.counts.get((name, length, system)) for name in names]
        shares = [count.per_cent() for count in counts if count]
        return sum(shares) / len(shares) if shares else None

    def table(self) -> str:
        """The whole measurement for a terminal or a page, in Markdown."""
        lengths = [length for length in LENGTHS if any(key[1] == length for key in self.counts)]
        columns = [(system, length) for system in self.systems for length in lengths]
        asked = {n: self._asked(n, lengths) for n in (*CONDITIONS, *UNKNOWN)}
        lines = [_row("named correctly, %", "asked", [f"{s}, {_spoken(n)}" for s, n in columns])]
        lines.append("|---|---|" + "---|" * len(columns))
        for name in CONDITIONS:
            if asked[name]:
                cells = [f"{self.counts[name, n, s].per_cent():.0f}" for s, n in columns]
                lines.append(_row(name, asked[name], cells))
        for group in (*GROUPS, "all"):
            means = [self.group_mean(group, length, system) for system, length in columns]
            if any(mean is not None for mean in means):
                cells = ["" if mean is None else f"**{mean:.1f}**" for mean in means]
                lines.append(_row(f"**mean, {group}**", "", cells))
        wrong = [str(self._wrong_known(system, length)) for system, length in columns]
        lines.append(_row("**named wrongly** (count)", "", wrong))
        for name in UNKNOWN:
            if asked[name]:
                cells = [str(self.counts[name, n, s].wrong) for s, n in columns]
                lines.append(_row(f"named though unknown: {name} (count)", asked[name], cells))
        return "\n".join(lines)

    def as_json(self) -> dict:
        """Everything, for a file."""
        results = [
            {"condition": condition, "length": length, "system": system, **asdict(count)}
            for (condition, length, system), count in sorted(self.counts.items())
        ]
        means = {
            system: {
                group: {n: self.group_mean(group, n, system) for n in LENGTHS}
                for group in (*GROUPS, "all")
            }
            for system in self.systems
        }
        return {**self.facts, "means": means, "results": results, "false_names": self.false_names}

    def _one(self, name: str) -> str:
        return self._same.get(name, name)

    def _asked(self, name: str, lengths: list[str]) -> str:
        counts = [self.counts.get((name, n, self.systems[0]), Count()).asked for n in lengths]
        return "/".join(map(str, counts)) if any(counts) else ""

    def _wrong_known(self, system: str, length: str) -> int:
        counts = [self.counts.get((name, length, system), Count()) for name in CONDITIONS]
        return sum(count.wrong for count in counts)


def _spoken(length: str) -> str:
    return "six" if length == "six" else f"{length} s"


def _row(name: str, asked: str, cells: list[str]) -> str:
    return f"| {name} | {asked} | " + " | ".join(cells) + " |"
