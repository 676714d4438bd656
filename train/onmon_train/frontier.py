"""The frontier: what certainty costs in weights, in context, and in bytes a second.

Networks that differ from the one that ships in one thing, all trained for the same number of steps
on the same pairs, judged on pairs of the validation split that none of them saw:

    python -m onmon_train.frontier VALIDATION_BANK docs/frontier "shape that ships=a.pt" others...

The first is the one that the others differ from.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from . import network
from .learn import Bank, side_by_side

CODES_PER_SECOND = 20
CLIP_CODES = 270
BATCH = 100


def certainties(encoder: network.Encoder, bank: Bank) -> np.ndarray:
    """Of every pair of the bank: agreement of the codes over the root of the variance that the
    other pairs' clean codes show against the same degraded ones, over CLIP_CODES codes."""
    found = []
    rows = np.flatnonzero(bank.maps[:, 1] > 0)
    for first in range(0, len(rows) - BATCH + 1, BATCH):
        part = rows[first : first + BATCH]
        take = lambda values: torch.from_numpy(values[part].astype(np.float32))
        with torch.no_grad():
            clean, bad = (encoder(take(side)).sign() for side in (bank.clean, bank.bad))
        a, b, n = side_by_side(clean, bad, np.array(bank.maps[part]), encoder.left_hops)
        # Of each pair against every other at one random place: what chance comes to.
        others = torch.einsum("itk,jtk->ij", a, b).numpy()
        agreement = others.diagonal().copy()
        np.fill_diagonal(others, np.nan)
        found.append(agreement / np.nanstd(others, 1) * np.sqrt(CLIP_CODES / n[:, 0].numpy()))
    return np.concatenate(found)


def measure(bank: Bank, nets: dict[str, Path]) -> list[dict]:
    """A row for each network."""
    rows = []
    for name, path in nets.items():
        encoder = network.load(path)
        z = certainties(encoder, bank)
        rows.append(
            {
                "network": name,
                "weights": encoder.multiply_adds_per_hop(),
                "multiply_adds_per_second": encoder.multiply_adds_per_hop() * CODES_PER_SECOND,
                "context_s": round(encoder.context_hops / CODES_PER_SECOND, 2),
                "bytes_per_second": encoder.shape["bits"] * CODES_PER_SECOND / 8,
                "steps": torch.load(path, weights_only=False).get("steps"),
                "median": round(float(np.median(z)), 2),
                "lowest_tenth": round(float(np.quantile(z, 0.1)), 2),
                "lowest_quarter": round(float(np.quantile(z, 0.25)), 2),
            }
        )
        print(rows[-1], flush=True)
    return rows


# What is on the three horizontal axes.
COSTS = {
    "weights": "weights (multiply-adds a code)",
    "context_s": "context, s",
    "bytes_per_second": "fingerprint, bytes/s",
}


def draw(rows: list[dict], path: Path) -> None:
    """Certainty over each cost, of the networks that differ from the first in this cost alone."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    def alike(row: dict, cost: str) -> bool:
        # A network of more bits has a few more weights.
        return abs(row[cost] / rows[0][cost] - 1) < 0.05

    figure, axes = pyplot.subplots(1, len(COSTS), figsize=(11, 3.6), sharey=True)
    for axis, (cost, label) in zip(axes, COSTS.items(), strict=True):
        others = [other for other in COSTS if other != cost]
        line = [row for row in rows if all(alike(row, other) for other in others)]
        line.sort(key=lambda row: row[cost])
        for of in ("median", "lowest_quarter", "lowest_tenth"):
            places, heights = [row[cost] for row in line], [row[of] for row in line]
            axis.plot(places, heights, "o-", label=of.replace("_", " "))
        axis.axvline(rows[0][cost], color="0.7", linestyle=":")
        axis.set_xlabel(label)
    axes[0].set_ylabel("certainty of 13.5 s, deviations")
    axes[0].set_ylim(0, 1.05 * max(row["median"] for row in rows))
    axes[0].legend()
    figure.suptitle("Unseen music, all degradations; dotted: what ships")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bank", type=Path, help="made by bank.py with --split validation")
    parser.add_argument("out", type=Path, help="writes OUT.json and OUT.svg")
    parser.add_argument("networks", nargs="+", help="NAME=FILE.pt, the shape that ships first")
    options = parser.parse_args()
    nets = {name: Path(path) for name, path in (each.split("=", 1) for each in options.networks)}
    measured = measure(Bank(options.bank), nets)
    options.out.with_suffix(".json").write_text(json.dumps(measured, indent=1) + "\n")
    draw(measured, options.out.with_suffix(".svg"))
