"""The networks of the attack, trained or, where --work has them from before, read back."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .inverter import Attack, Inverter, band_inputs, code_inputs, train
from .network import BITS, INPUTS
from .shipped import Shipped
from .speech import Clip, Stream, training_pass


def kept(path: Path, make: Callable[[], Any]) -> Any:
    """What `make` gives, made once."""
    if not path.exists():
        torch.save(make(), path)
    return torch.load(path, weights_only=False)


def passes(encoder: Shipped, clips: list[Clip], count: int, seed: int):
    """Several training passes: for each, the clips in its order and its stream."""
    return [training_pass(encoder, clips, seed + i) for i in range(count)]


def inverter(encoder: Shipped, clips: list[Clip], count: int, steps: int, seed: int) -> Inverter:
    streams = [stream for _, stream in passes(encoder, clips, count, seed)]
    codes = np.concatenate([stream.codes for stream in streams])
    bands = np.concatenate([stream.bands for stream in streams])
    return Inverter(codes, bands, steps, seed)


def inputs(stream: Stream, span: tuple[int, int], of: str) -> torch.Tensor:
    """A clip's network input, made of its codes or of its bands."""
    first, last = span
    if of == "codes":
        return code_inputs(stream.codes[first:last])
    return band_inputs(stream.bands[2 * first : 2 * last])


class PhoneReader:
    """Codes (or bands) to phones by CTC, two steps a code; ranks sentences by their likelihood."""

    def __init__(self, said: dict[str, tuple[str, ...]]):
        names = sorted({phone for phones in said.values() for phone in phones})
        self.number = {name: i + 1 for i, name in enumerate(names)}
        self.said, self.model = said, None

    def labels(self, words: tuple[str, ...]) -> list[int]:
        return [self.number[phone] for word in words for phone in self.said[word]]

    def log_probabilities(self, x: torch.Tensor) -> torch.Tensor:
        """[n, hops, inputs] to [2 * hops, n, phones and blank]."""
        out = self.model(x)
        out = out.reshape(len(x), x.shape[1] * 2, -1)
        return out.log_softmax(2).transpose(0, 1)

    def learn(
        self, model: Attack, items: list[tuple[torch.Tensor, list[int]]], steps: int, seed: int
    ):
        torch.manual_seed(seed)
        self.model = model.with_outputs(2 * (len(self.number) + 1))
        train(self.model, self._losses(items, np.random.default_rng(seed)), steps)

    def _losses(self, items, rng, size: int = 24) -> Iterator[torch.Tensor]:
        items = sorted(items, key=lambda item: len(item[0]))
        while True:
            at = rng.integers(0, len(items) - size)
            some = items[at : at + size]
            x = nn.utils.rnn.pad_sequence([x for x, _ in some], batch_first=True)
            labels = torch.tensor([label for _, labels in some for label in labels])
            yield functional.ctc_loss(
                self.log_probabilities(x),
                labels,
                torch.tensor([2 * len(x) for x, _ in some]),
                torch.tensor([len(labels) for _, labels in some]),
                zero_infinity=True,
            )

    @torch.no_grad()
    def read(self, x: torch.Tensor) -> tuple[int, ...]:
        """The likeliest phone at each step, repeats and blanks dropped."""
        best = self.log_probabilities(x[None])[:, 0].argmax(1).tolist()
        return tuple(p for p, q in zip(best, [0, *best[:-1]], strict=True) if p and p != q)

    @torch.no_grad()
    def rank(self, x: torch.Tensor, sentences: list[tuple[str, ...]]) -> list[int]:
        """Sentences from the likeliest to the least."""
        scores = self.log_probabilities(x[None])[:, 0]
        n = len(sentences)
        labels = [self.labels(sentence) for sentence in sentences]
        loss = functional.ctc_loss(
            scores[:, None].expand(-1, n, -1),
            torch.tensor([label for some in labels for label in some]),
            torch.full((n,), len(scores)),
            torch.tensor([len(some) for some in labels]),
            reduction="none",
        )
        return torch.argsort(torch.nan_to_num(loss, posinf=1e9)).tolist()


class Classifier:
    """One of several classes from a stretch of codes (or bands), pooled over time."""

    def __init__(self, of: str, classes: int, start: Attack | None = None):
        size = BITS if of == "codes" else INPUTS
        self.model = (start or Attack(size, 1)).with_outputs(classes)

    def learn(self, items: list[tuple[torch.Tensor, int]], steps: int, seed: int, size: int = 32):
        """All stretches have one length."""
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        x, y = torch.stack([x for x, _ in items]), torch.tensor([y for _, y in items])

        def losses() -> Iterator[torch.Tensor]:
            while True:
                some = torch.from_numpy(rng.integers(0, len(x), size))
                yield functional.cross_entropy(self.model(x[some]).mean(1), y[some])

        train(self.model, losses(), steps)

    @torch.no_grad()
    def says(self, x: torch.Tensor) -> int:
        return int(self.model(x[None])[0].mean(0).argmax())
