"""How much of the words a resynthesis carries: STOI, ESTOI, and a recogniser's word errors."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from pocketsphinx import Decoder
from pystoi import stoi
from scipy import signal

from .frontend import RATE_HZ

STOI_LEAST_S = 1.0
# Hidden Markov models alive in a frame: noise would keep the default's 30,000 busy.
HYPOTHESES_MOST = 3_000


def mean_stoi(pairs: Iterable[tuple[np.ndarray, np.ndarray]], extended: bool) -> tuple[float, int]:
    """Mean over clips of at least a second, and how many."""
    scores = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        for true, other in pairs:
            n = min(len(true), len(other))
            if n < STOI_LEAST_S * RATE_HZ:
                continue
            try:
                scores.append(stoi(true[:n], other[:n], RATE_HZ, extended=extended))
            except RuntimeWarning:  # too little speech in the clip for one score
                continue
    return float(np.mean(scores)), len(scores)


def word_errors(said: tuple[str, ...], heard: tuple[str, ...]) -> int:
    """Edit distance."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said):
        before, row[0] = row[0], i + 1
        for j, other in enumerate(heard):
            before, row[j + 1] = (
                row[j + 1],
                min(row[j + 1] + 1, row[j] + 1, before + (word != other)),
            )
    return row[-1]


@dataclass
class Score:
    """Of all clips together."""

    clips: int = 0
    words: int = 0
    errors: int = 0
    exact: int = 0
    unanswered: int = 0

    def add(self, said: tuple[str, ...], heard: tuple[str, ...]) -> None:
        self.clips += 1
        self.words += len(said)
        self.errors += word_errors(said, heard)
        self.exact += said == heard
        self.unanswered += not heard

    def per_cent(self) -> float:
        return 100 * self.errors / max(self.words, 1)


class Recogniser:
    """PocketSphinx with its US English model: any words, or one of the known sentences."""

    GRAMMARS = ("open", "sentences")

    def __init__(self, sentences: list[tuple[str, ...]]):
        self._decoders = {"open": Decoder(loglevel="FATAL", maxhmmpf=HYPOTHESES_MOST)}
        rule = " | ".join(sorted({" ".join(sentence) for sentence in sentences}))
        decoder = Decoder(loglevel="FATAL", lm=None)
        decoder.add_jsgf_string("sentences", f"#JSGF V1.0; grammar g; public <g> = {rule};")
        decoder.activate_search("sentences")
        self._decoders["sentences"] = decoder

    def hear(self, pcm: np.ndarray, grammar: str) -> tuple[str, ...]:
        decoder = self._decoders[grammar]
        loud = signal.resample_poly(pcm, 2, 1)
        loud = np.pad(loud * (2_000 / (np.sqrt(np.mean(loud**2)) + 1e-9)), 4_000)
        data = np.clip(loud, -32_768, 32_767).astype("<i2").tobytes()
        decoder.start_utt()
        decoder.process_raw(data, full_utt=True)
        decoder.end_utt()
        heard = decoder.hyp()
        return tuple(heard.hypstr.split()) if heard else ()


def known_words(words: Iterable[str]) -> set[str]:
    """Those that the recogniser's dictionary has."""
    decoder = Decoder(loglevel="FATAL")
    return {word for word in words if decoder.lookup_word(word)}


def phones(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """First pronunciation of each word in the recogniser's dictionary."""
    decoder = Decoder(loglevel="FATAL")
    found = {word: decoder.lookup_word(word) for word in words}
    return {word: tuple(said.split()) for word, said in found.items() if said}
