"""The encoder that is shipped: read from core's weights.rs, checked against its certificate."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .integers import INPUTS, Layer, digest, outputs


@dataclass(frozen=True)
class Shipped:
    """Integers throughout: the codes are those that a client sends."""

    layers: list[Layer]
    mean_hops: int
    sha256: str

    @property
    def context_hops(self) -> int:
        """Hops of audio that one code depends on."""
        reach = sum((layer.weights.shape[1] - 1) * layer.dilation for layer in self.layers)
        return self.mean_hops + reach

    @property
    def left_hops(self) -> int:
        """Hops from a code's first hop to its middle one."""
        return (self.context_hops - 1) // 2

    def codes(self, bands: np.ndarray) -> np.ndarray:
        """[frames, 32] log2 bands to [codes, 8] of 0 and 1."""
        steps = np.round(bands * 256).astype(np.int64)
        return (outputs(self.layers, self.mean_hops, steps) > 0).astype(np.int8)


def numbers(text: str) -> np.ndarray:
    return np.array([int(number) for number in re.findall(r"-?\d+", text)], np.int64)


def read(path: Path) -> Shipped:
    """Stops where the weights are not those that the certificate names."""
    text = path.read_text()
    layers, width = [], INPUTS
    for head, weights, biases in re.findall(
        r"Layer \{\s*(inputs:[^\[]*?)weights: &\[(.*?)\],\s*biases: &\[(.*?)\],", text, re.DOTALL
    ):
        inputs, outputs, taps, dilation, shift = numbers(head)
        if inputs != width:
            raise SystemExit(f"{path}: a layer reads {inputs} values where {width} come")
        shaped = numbers(weights).reshape(outputs, taps, inputs)
        layers.append(Layer(int(dilation), int(shift), shaped, numbers(biases)))
        width = outputs
    mean_hops = int(re.search(r"MEAN_HOPS: usize = (\d+)", text)[1])
    named = re.search(r"sha256: ([0-9a-f]{64})", text)[1]
    if digest(layers) != named:
        raise SystemExit(f"{path}: the weights are {digest(layers)}, the certificate says {named}")
    return Shipped(layers, mean_hops, named)
