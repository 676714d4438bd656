"""The birth certificate: what a network was trained on, by what, and how training ended."""

import argparse
import json
from pathlib import Path

import torch

from . import sources
from .bank import Corpus
from .corpus import TRAINING_VOICES
from .frontend import RATE_HZ


def facts(network: Path, corpus: Path, pairs: int, seed: int, command: str, log: Path) -> dict:
    """Lines of the certificate, in order."""
    used = Corpus(corpus / "train")
    names = {name.split("__")[0] for name in used.names}
    music = [f"{p.name} ({p.licence})" for p in sources.packages("train") if p.name in names]
    voices = [p for language in TRAINING_VOICES for p in sources.packages(f"speech {language}")]
    hours = sum(len(track) for track in used.tracks) / RATE_HZ / 3_600
    return {
        "encoder": 3,
        "music": f"{len(used.tracks)} tracks, {hours:.1f} h: " + "; ".join(music),
        "speech": "; ".join(f"{p.name} ({p.licence})" for p in voices),
        "noise": "computed",
        "bank": f"{pairs} pairs, python -m onmon_train.bank --seed {seed}",
        "training": command,
        "steps": torch.load(network, weights_only=False)["steps"],
        "at the end": log.read_text().strip().splitlines()[-1],
        "measured": "docs/robustness.json, docs/calibration.json, docs/privacy.json",
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--pairs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--command", required=True, help="the command that trained it")
    parser.add_argument("--log", type=Path, required=True, help="what that command printed")
    o = parser.parse_args()
    print(json.dumps(facts(o.network, o.corpus, o.pairs, o.seed, o.command, o.log), indent=1))
