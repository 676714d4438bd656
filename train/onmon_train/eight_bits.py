"""12-bit weights to 8 bits, and what is never heard left out: half the bytes of what ships.

Four bits less everywhere: a hidden layer's shift takes them out of its sums again, and of the last
layer only signs count. Nothing is trained; train/README.md tells what that costs.
"""

import numpy as np

from .integers import Layer, values

BITS_LESS = 4
WEIGHT_MAX = 127
# Core multiplies this many values at a time.
LANES = 16


def narrowed(layers: list[Layer]) -> list[Layer]:
    less = lambda numbers: np.round(numbers / (1 << BITS_LESS)).astype(np.int64)
    return [
        Layer(
            layer.dilation,
            layer.shift - BITS_LESS,
            np.clip(less(layer.weights), -WEIGHT_MAX, WEIGHT_MAX),
            less(layer.biases),
        )
        for layer in layers
    ]


def without_silent(layers: list[Layer], mean_hops: int, clips: np.ndarray) -> list[Layer]:
    """The same without units that pass on nothing in any of these clips of bands, [clip, frames,
    32] in 1/256 steps; as many stay as fill core's lanes."""
    loudest = [np.zeros(len(layer.biases), np.int64) for layer in layers]
    for clip in clips:
        for most, given in zip(loudest, values(layers, mean_hops, clip), strict=True):
            np.maximum(most, given.max(0), out=most)
    smaller = list(layers)
    for i, most in enumerate(loudest[:-1]):
        stays = LANES * -(-int((most > 0).sum()) // LANES)
        kept = np.sort(np.argsort(most, kind="stable")[len(most) - stays :])
        own, reader = smaller[i], smaller[i + 1]
        smaller[i] = Layer(own.dilation, own.shift, own.weights[kept], own.biases[kept])
        read = reader.weights[:, :, kept]
        smaller[i + 1] = Layer(reader.dilation, reader.shift, read, reader.biases)
        print(f"layer {i + 1}: {(most > 0).sum()} of {len(most)} units are heard, {stays} stay")
    return smaller
