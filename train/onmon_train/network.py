"""The encoder as PyTorch sees it: 64 log-band values a hop in, eight outputs whose signs are the code.

Its integer twin is core/src/encoder/network.rs; `export.py` brings weights from here to there.
"""

import torch
from torch import nn

from .frontend import BANDS, FRAMES_PER_HOP
from .integers import INPUTS, VALUE_MAX

BITS = 8
# Weights and activations are 12-bit in training: steps to 1.0 of activations, of hidden weights, of the last's.
VALUE_ONE = 256
WEIGHT_ONE = 2_048
OUT_ONE = 4_096
ACTIVATION_MAX = VALUE_MAX / VALUE_ONE


def through_rounding(x: torch.Tensor, steps: int) -> torch.Tensor:
    """Rounded to `steps` to 1.0; gradients pass as if it were not."""
    return x + (torch.round(x * steps) / steps - x).detach()


class Encoder(nn.Module):
    """Dense temporal convolutions on centred log bands."""

    def __init__(
        self, channels=(64, 64, 64), taps=(3, 3, 3), dilations=(1, 2, 4), mean_hops=17, bits=BITS
    ):
        super().__init__()
        self.shape = {"channels": channels, "taps": taps, "dilations": dilations}
        self.shape |= {"mean_hops": mean_hops, "bits": bits}
        self.mean_hops = mean_hops
        layers, inputs = [], INPUTS
        for outputs, k, d in zip(channels, taps, dilations, strict=True):
            layers.append(nn.Conv1d(inputs, outputs, k, dilation=d))
            inputs = outputs
        self.hidden = nn.ModuleList(layers)
        self.out = nn.Conv1d(inputs, bits, 1)
        self.filter_hops = sum((k - 1) * d for k, d in zip(taps, dilations, strict=True))

    @property
    def context_hops(self) -> int:
        """Hops of audio that one code depends on."""
        return self.mean_hops + self.filter_hops

    @property
    def left_hops(self) -> float:
        """Hops from a code's first hop to its middle one."""
        return (self.context_hops - 1) / 2

    def inputs(self, bands: torch.Tensor) -> torch.Tensor:
        """[n, frames, 32] log2 bands to [n, 64, hops - mean_hops + 1]: level and equalisation removed."""
        n, frames, _ = bands.shape
        hops = bands.reshape(n, frames // FRAMES_PER_HOP, INPUTS).transpose(1, 2)
        means = hops.reshape(n, FRAMES_PER_HOP, BANDS, -1).mean(1)
        means = nn.functional.avg_pool1d(means, self.mean_hops, 1)
        half = self.mean_hops // 2
        centred = hops[:, :, half : hops.shape[2] - half] - means.repeat(1, FRAMES_PER_HOP, 1)
        return (centred * 0.5).clamp(-ACTIVATION_MAX, ACTIVATION_MAX)

    def forward(self, bands: torch.Tensor, rounded: bool = False) -> torch.Tensor:
        """[n, frames, 32] to [n, hops - context + 1, bits]; a bit is 1 where the output is positive.

        `rounded`: as the integer network sees it, with gradients straight through the rounding.
        """
        steps = through_rounding if rounded else lambda x, _: x
        x = steps(self.inputs(bands), VALUE_ONE)
        for layer in [*self.hidden, self.out]:
            one = OUT_ONE if layer is self.out else WEIGHT_ONE
            weight = steps(layer.weight, one)
            x = nn.functional.conv1d(x, weight, layer.bias, dilation=layer.dilation)
            if layer is not self.out:
                x = steps(x.clamp(0, ACTIVATION_MAX), VALUE_ONE)
        return x.transpose(1, 2)

    def keep_in_range(self) -> None:
        """Clips the weights to what 12 bits hold."""
        with torch.no_grad():
            for layer in self.hidden:
                layer.weight.clamp_(-VALUE_MAX / WEIGHT_ONE, VALUE_MAX / WEIGHT_ONE)
            self.out.weight.clamp_(-VALUE_MAX / OUT_ONE, VALUE_MAX / OUT_ONE)

    def multiply_adds_per_hop(self) -> int:
        return sum(p.numel() for name, p in self.named_parameters() if name.endswith("weight"))


def save(encoder: Encoder, path, **extra) -> None:
    torch.save({"shape": encoder.shape, "state": encoder.state_dict(), **extra}, path)


def load(path) -> Encoder:
    stored = torch.load(path, weights_only=False)
    encoder = Encoder(**stored["shape"])
    encoder.load_state_dict(stored["state"])
    return encoder.eval()
