"""The network in integers, as core computes it: for checking, and for the encoder that ships."""

import hashlib
from dataclasses import dataclass

import numpy as np

from .frontend import BANDS, FRAMES_PER_HOP

INPUTS = BANDS * FRAMES_PER_HOP
# What a layer passes on has 11 bits.
VALUE_MAX = 2_047


@dataclass
class Layer:
    dilation: int
    shift: int
    weights: np.ndarray  # [output, tap, input]
    biases: np.ndarray


def values(layers: list[Layer], mean_hops: int, bands: np.ndarray) -> list[np.ndarray]:
    """[frames, 32] log bands in 1/256 steps to what each layer gives, [hops, outputs]: hidden ones
    what they pass on, the last its sums."""
    hops = bands[: len(bands) // 2 * 2].reshape(-1, INPUTS).astype(np.int64)
    frames = 2 * mean_hops
    sums = np.lib.stride_tricks.sliding_window_view(
        hops.reshape(len(hops), 2, 32).sum(1), mean_hops, axis=0
    ).sum(-1)
    middle = hops[mean_hops // 2 : len(hops) - mean_hops // 2]
    difference = frames * middle - np.tile(sums, 2)
    factor = (1 << 14) // (2 * frames)
    x = np.clip((difference * factor + (1 << 13)) >> 14, -VALUE_MAX, VALUE_MAX)
    given = []
    for i, layer in enumerate(layers):
        reach = (layer.weights.shape[1] - 1) * layer.dilation
        # Doubles multiply faster and hold these integers exactly: no sum leaves 32 bits.
        moments = (
            x[t * layer.dilation : len(x) - reach + t * layer.dilation].astype(np.float64)
            @ layer.weights[:, t].T.astype(np.float64)
            for t in range(layer.weights.shape[1])
        )
        x = layer.biases + sum(moments).astype(np.int64)
        if i + 1 < len(layers):
            x = np.clip((x + (1 << (layer.shift - 1))) >> layer.shift, 0, VALUE_MAX)
        given.append(x)
    return given


def outputs(layers: list[Layer], mean_hops: int, bands: np.ndarray) -> np.ndarray:
    """[frames, 32] log bands in 1/256 steps to [codes, 8] sums."""
    return values(layers, mean_hops, bands)[-1]


def digest(layers: list[Layer]) -> str:
    """SHA-256 over all numbers, little-endian: weights as i8, biases as i32, layer after layer."""
    sha = hashlib.sha256()
    for layer in layers:
        sha.update(layer.weights.astype("<i1").tobytes())
        sha.update(layer.biases.astype("<i4").tobytes())
    return sha.hexdigest()
