"""The attack on privacy: networks from codes to log bands, to phones, to one of several classes.

All share one shape: residual temporal convolutions that see 1.5 s on either side of a code.
"""

import copy
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .frontend import BANDS, FRAMES_PER_HOP
from .network import BITS, INPUTS

WIDTH = 128
DILATIONS = (1, 2, 4, 8) * 2
LEARNING_RATE = 2e-3


class Block(nn.Module):
    def __init__(self, dilation: int):
        super().__init__()
        self.norm = nn.BatchNorm1d(WIDTH)
        self.wide = nn.Conv1d(WIDTH, WIDTH, 3, dilation=dilation, padding=dilation)
        self.mix = nn.Conv1d(WIDTH, WIDTH, 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.mix(self.drop(functional.gelu(self.wide(functional.gelu(self.norm(x))))))


class Attack(nn.Module):
    """[n, hops, inputs] to [n, hops, outputs]."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.first = nn.Conv1d(inputs, WIDTH, 3, padding=1)
        self.blocks = nn.Sequential(
            *(Block(d) for d in DILATIONS), nn.BatchNorm1d(WIDTH), nn.GELU()
        )
        self.last = nn.Conv1d(WIDTH, outputs, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.blocks(self.first(x.transpose(1, 2)))).transpose(1, 2)

    def with_outputs(self, outputs: int) -> "Attack":
        """The same with a fresh last layer: what it learned of speech serves another aim."""
        other = copy.deepcopy(self)
        other.last = nn.Conv1d(WIDTH, outputs, 1)
        return other


def code_inputs(codes: np.ndarray) -> torch.Tensor:
    """[hops, 8] of 0 and 1 to -1 and 1."""
    return torch.from_numpy(codes.astype(np.float32) * 2 - 1)


def band_inputs(bands: np.ndarray) -> torch.Tensor:
    """[frames, 32] to [hops, 64], roughly centred: what a code was made from, for comparison."""
    return torch.from_numpy(bands.reshape(-1, INPUTS).astype(np.float32)) / 4 - 3


def train(model: nn.Module, losses: Iterator[torch.Tensor], steps: int) -> list[float]:
    """Adam, one cycle; `losses` computes one batch's loss with the model each time it is asked."""
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, steps)
    model.train()
    seen = []
    for _ in range(steps):
        loss = next(losses)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        seen.append(loss.item())
    model.eval()
    return seen


class Inverter:
    """Codes to log bands: least squares, so the mean over what a code may stand for."""

    def __init__(self, codes: np.ndarray, bands: np.ndarray, steps: int, seed: int):
        torch.manual_seed(seed)
        self.mean = bands.mean(0).astype(np.float32)
        self.model = Attack(BITS, INPUTS)
        x = code_inputs(codes)
        y = torch.from_numpy((bands - self.mean).reshape(-1, INPUTS).astype(np.float32))
        self.losses = train(self.model, self._batches(x, y, np.random.default_rng(seed)), steps)
        inverted = self.invert(codes[:40_000]) - self.mean
        true = bands[: len(inverted)] - self.mean
        self.gain = np.sqrt((true**2).mean(0) / (inverted**2).mean(0)).astype(np.float32)

    def _batches(self, x, y, rng, size: int = 16, length: int = 400):
        while True:
            at = rng.integers(0, len(x) - length, size)
            out = self.model(torch.stack([x[a : a + length] for a in at]))
            yield functional.mse_loss(out, torch.stack([y[a : a + length] for a in at]))

    @torch.no_grad()
    def invert(self, codes: np.ndarray) -> np.ndarray:
        """[hops, 8] to [2 * hops, 32]."""
        out = self.model(code_inputs(codes)[None])[0].numpy()
        return out.reshape(len(codes) * FRAMES_PER_HOP, BANDS) + self.mean

    def sharpened(self, inverted: np.ndarray) -> np.ndarray:
        """With the modulation depth of real speech, which least squares flattens."""
        return (inverted - self.mean) * self.gain + self.mean
