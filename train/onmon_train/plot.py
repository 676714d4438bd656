"""The measurement as a picture: per cent named under each condition, a dot a system."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

from .conditions import CONDITIONS, GROUPS  # noqa: E402
from .questions import LENGTHS  # noqa: E402
from .report import Report  # noqa: E402

TITLES = {"5": "one clip of 5 s", "15": "one clip of 15 s", "six": "six samples of 15 s"}
# Readable by people who cannot tell red from green, and in grey.
OURS = (("#0b3c8c", "o"), ("#6aa9e9", "o"))
THEIRS = (("#8c6d31", "D"), ("#e0902f", "s"))


def draw(report: Report, path: Path) -> None:
    """Writes the picture as SVG, the same bytes for the same numbers."""
    matplotlib.rcParams.update({"svg.hashsalt": "onmon", "font.size": 8, "svg.fonttype": "none"})
    asked = {key[0] for key in report.counts}
    names = [
        n for group in GROUPS for n, c in CONDITIONS.items() if c.group == group and n in asked
    ]
    lengths = [length for length in LENGTHS if any(key[1] == length for key in report.counts)]
    size = (3.1 * len(lengths) + 1.4, 0.19 * len(names) + 1.3)
    figure, axes = pyplot.subplots(1, len(lengths), sharey=True, figsize=size, squeeze=False)
    for axis, length in zip(axes[0], lengths, strict=True):
        _panel(axis, report, names, length)
    axes[0][0].set_yticks(range(len(names)), names)
    axes[0][0].invert_yaxis()
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False)
    figure.tight_layout(rect=(0, 0.6 / size[1], 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None})
    pyplot.close(figure)


def _panel(axis: pyplot.Axes, report: Report, names: list[str], length: str) -> None:
    """One length: the conditions from easy to hardest, bands where the group changes."""
    for row, name in enumerate(names):
        if GROUPS.index(CONDITIONS[name].group) % 2 == 1:
            axis.axhspan(row - 0.5, row + 0.5, color="#f0f0f0", linewidth=0)
    for at in reversed(range(len(report.systems))):
        system = report.systems[at]
        shares = [report.counts[name, length, system].per_cent() for name in names]
        style = {"linestyle": "", "markersize": 4, "label": system}
        axis.plot(shares, range(len(names)), **style, **_mark(system, report.systems))
    axis.set_title(TITLES[length], fontsize=9)
    axis.set_xlabel("named correctly, %")
    axis.set_xlim(-4, 104)
    axis.grid(axis="x", color="#dddddd", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(length=0)


def _mark(system: str, systems: list[str]) -> dict[str, str]:
    """Ours in blue, the default encoder darkest; theirs in browns."""
    ours = system.startswith("onmon")
    alike = [name for name in systems if name.startswith("onmon") == ours]
    styles = OURS if ours else THEIRS
    colour, marker = styles[alike.index(system) % len(styles)]
    return {"color": colour, "marker": marker}
