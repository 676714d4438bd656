"""Float network to core/src/encoder/weights.rs: 12-bit weights, 32-bit biases, birth certificate.

Values inside the network are integers, 256 to 1.0 (see core/src/encoder/network.rs); weights have
network.py's fixed steps, and a bias is scaled by both. A float network is levelled first, trained
on with --rounded, and only then written.
"""

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from . import network
from .learn import Bank
from .network import VALUE_MAX, VALUE_ONE

SUM_MAX = 2**31 - 1
# Of the 8.0 that 12 bits hold; training data's loudest value goes here.
LOUDEST = 7.0
SILENT = 1e-5
# What fits 11 bits and a sign, in hidden layers and in the last.
WEIGHT_MOST = 0.99
OUT_MOST = 0.49


@dataclass
class Layer:
    dilation: int
    shift: int
    weights: np.ndarray  # [output, tap, input]
    biases: np.ndarray


def quantised(weight: torch.Tensor, bias: torch.Tensor, dilation: int, one: int) -> Layer:
    """`one` steps to a weight of 1.0."""
    scaled = np.round(weight.detach().numpy().transpose(0, 2, 1).astype(np.float64) * one)
    biases = np.round(bias.detach().numpy().astype(np.float64) * one * VALUE_ONE)
    largest = np.abs(scaled).sum((1, 2)) * VALUE_MAX + np.abs(biases) + one / 2
    if np.abs(scaled).max() > VALUE_MAX or largest.max() > SUM_MAX:
        raise SystemExit("weights too large for 12 bits: train with --rounded")
    shift = one.bit_length() - 1
    return Layer(dilation, shift, scaled.astype(np.int64), biases.astype(np.int64))


def levelled(encoder: network.Encoder, bands: torch.Tensor) -> network.Encoder:
    """The same network with every hidden channel's loudest value near the top of 12 bits.

    Training leaves the scale open (rectifiers pass factors on, and only signs count), and weight
    decay makes it tiny: each channel is scaled up, and the layer that reads it down.
    """
    copy = network.Encoder(**encoder.shape)
    copy.load_state_dict(encoder.state_dict())
    x = copy.inputs(bands)
    convolutions = [*copy.hidden, copy.out]
    with torch.no_grad():
        for layer, reader in zip(convolutions, convolutions[1:]):
            loudest = layer(x).clamp(min=0).amax((0, 2)).clamp(min=1e-6)
            # A channel that is hardly ever heard would make weights that cost all others precision.
            gain = torch.minimum(LOUDEST / loudest, WEIGHT_MOST / layer.weight.abs().amax((1, 2)))
            layer.weight *= gain[:, None, None]
            layer.bias *= gain
            reader.weight /= gain[None, :, None]
            # A channel that is never heard says nothing; what reads it only costs precision.
            reader.weight *= (loudest > SILENT)[None, :, None]
            x = layer(x).clamp(0, network.ACTIVATION_MAX)
        gain = OUT_MOST / copy.out.weight.abs().amax((1, 2))
        copy.out.weight *= gain[:, None, None]
        copy.out.bias *= gain
    return copy.eval()


def layers_of(encoder: network.Encoder) -> list[Layer]:
    """The layers of a network that was trained with --rounded, in integers."""
    scales = [network.WEIGHT_ONE] * len(encoder.hidden) + [network.OUT_ONE]
    dilations = [*encoder.shape["dilations"], 1]
    convolutions = [*encoder.hidden, encoder.out]
    parts = zip(convolutions, dilations, scales, strict=True)
    return [quantised(c.weight, c.bias, d, one) for c, d, one in parts]


def centred(layers: list[Layer], mean_hops: int, bands: np.ndarray) -> list[Layer]:
    """The same with every bit as often 1 as 0 over these bands, [pairs, frames, 32]."""
    sums = [integer_outputs(layers, mean_hops, np.round(b * VALUE_ONE)) for b in bands]
    layers[-1].biases -= np.round(np.median(np.concatenate(sums), 0)).astype(np.int64)
    return layers


def integer_outputs(layers: list[Layer], mean_hops: int, bands: np.ndarray) -> np.ndarray:
    """[frames, 32] log bands in 1/256 steps to [codes, 8] sums: core's arithmetic, for checking."""
    hops = bands[: len(bands) // 2 * 2].reshape(-1, network.INPUTS).astype(np.int64)
    frames = 2 * mean_hops
    sums = np.lib.stride_tricks.sliding_window_view(
        hops.reshape(len(hops), 2, 32).sum(1), mean_hops, axis=0
    ).sum(-1)
    middle = hops[mean_hops // 2 : len(hops) - mean_hops // 2]
    difference = frames * middle - np.tile(sums, 2)
    factor = (1 << 14) // (2 * frames)
    x = np.clip((difference * factor + (1 << 13)) >> 14, -VALUE_MAX, VALUE_MAX)
    for i, layer in enumerate(layers):
        reach = (layer.weights.shape[1] - 1) * layer.dilation
        sums = layer.biases + sum(
            x[t * layer.dilation : len(x) - reach + t * layer.dilation] @ layer.weights[:, t].T
            for t in range(layer.weights.shape[1])
        )
        if i + 1 == len(layers):
            return sums
        x = np.clip((sums + (1 << (layer.shift - 1))) >> layer.shift, 0, VALUE_MAX)
    raise AssertionError("no layers")


def rows(numbers: np.ndarray, indent: str) -> str:
    """Numbers in lines of at most 100 columns."""
    lines, line = [], indent
    for number in numbers.ravel():
        word = f"{number}, "
        if len(line) + len(word) > 100:
            lines.append(line.rstrip())
            line = indent
        line += word
    return "\n".join([*lines, line.rstrip()])


def source(layers: list[Layer], mean_hops: int, certificate: str) -> str:
    text = [
        "//! Generated by train/onmon_train/export.py: the network's weights and where they come from. Do",
        "//! not edit: other weights are another encoder, with another id.",
        "",
        "use super::layer::Layer;",
        "",
        "/// Hops over which a band's mean is taken.",
        f"pub(super) const MEAN_HOPS: usize = {mean_hops};",
        "",
        "/// The birth certificate.",
        'pub(crate) const CERTIFICATE: &str = r#"' + certificate + '"#;',
        "",
        f"pub(super) static LAYERS: [Layer; {len(layers)}] = [",
    ]
    for layer in layers:
        outputs, taps, inputs = layer.weights.shape
        text += [
            "    Layer {",
            f"        inputs: {inputs}, outputs: {outputs}, taps: {taps},"
            f" dilation: {layer.dilation}, shift: {layer.shift},",
            "        weights: &[",
            rows(layer.weights, "            "),
            "        ],",
            "        biases: &[",
            rows(layer.biases, "            "),
            "        ],",
            "    },",
        ]
    return "\n".join([*text, "];", ""])


def digest(layers: list[Layer]) -> str:
    """SHA-256 over all numbers, little-endian: weights as i16, biases as i32, layer after layer."""
    sha = hashlib.sha256()
    for layer in layers:
        sha.update(layer.weights.astype("<i2").tobytes())
        sha.update(layer.biases.astype("<i4").tobytes())
    return sha.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("--bank", type=Path, required=True, help="whose values set the scales")
    parser.add_argument("--levelled", type=Path, help="level the network into this file, no more")
    parser.add_argument("--facts", type=Path, help="JSON: what it was trained on")
    parser.add_argument("--out", type=Path, default=Path("../core/src/encoder/weights.rs"))
    options = parser.parse_args()
    encoder = network.load(options.network)
    bank = Bank(options.bank)
    rows = np.random.default_rng(0).choice(np.flatnonzero(bank.maps[:, 1] > 0), 1_000, False)
    bands = torch.from_numpy(
        np.concatenate([bank.clean[np.sort(rows)], bank.bad[np.sort(rows)]]).astype(np.float32)
    )
    if options.levelled:
        network.save(levelled(encoder, bands), options.levelled)
        return
    layers = centred(layers_of(encoder), encoder.mean_hops, bands[:500].numpy())
    with torch.no_grad():
        float_bits = encoder(bands[-1:], rounded=True)[0].numpy() > 0
    integer = integer_outputs(layers, encoder.mean_hops, np.round(bands[-1].numpy() * VALUE_ONE))
    print(f"bits equal to those of the float network: {np.mean(float_bits == (integer > 0)):.4f}")
    facts = json.loads(options.facts.read_text()) if options.facts else {}
    facts["sha256"] = digest(layers)
    certificate = "\n".join(f"{key}: {value}" for key, value in facts.items())
    options.out.write_text(source(layers, encoder.mean_hops, certificate))
    print(certificate)


if __name__ == "__main__":
    main()
