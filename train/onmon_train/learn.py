"""Trains the encoder: a degraded stretch of codes must be told from chance, and found by its keys.

Three losses on nearly-binary outputs: certainty as core's compare.rs counts it, and two contrastive
ones (InfoNCE), over index keys (four codes, three hops apart: what a posting list is looked up
with) and over 1.6-s segments. A running centre keeps each bit balanced; it becomes part of the
last bias.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from . import bank, network

KEY_CODES, KEY_SPACING = 4, 3
KEYS_PER_PAIR = 6
SEGMENTS_PER_PAIR = 3
# Positions of one recording closer than this are not held against each other.
NEAR_CODES = 8
STEEPNESS = 2.5


class Bank:
    """The pairs of a bank's folder that are there; one that is being made grows meanwhile."""

    def __init__(self, folder: Path):
        self.maps = np.memmap(folder / "map.f32", np.float32, "r").reshape(-1, 2)
        shape = (len(self.maps), bank.FRAMES, bank.BANDS)
        self.clean = np.memmap(folder / "clean.f16", np.float16, "r", shape=shape)
        self.bad = np.memmap(folder / "bad.f16", np.float16, "r", shape=shape)

    def batch(self, size: int, rng: np.random.Generator):
        rows = np.sort(rng.choice(np.flatnonzero(self.maps[:, 1] > 0), size, replace=False))
        take = lambda values: torch.from_numpy(values[rows].astype(np.float32))
        return take(self.clean), take(self.bad), np.array(self.maps[rows])


def twins(at: np.ndarray, offset: np.ndarray, speed: np.ndarray, left: float) -> np.ndarray:
    """The clean codes at the musical times of the degraded codes `at`."""
    return np.round(offset + speed * (at + left) - left).astype(int)


def side_by_side(clean, bad, maps, left):
    """Each degraded stretch and the clean codes at its musical times, both less their means and 0
    where there is no clean code; and how many codes there are, [pairs, 1]."""
    codes = bad.shape[1]
    twin = twins(np.arange(codes), maps[:, :1], maps[:, 1:], left)
    inside = torch.from_numpy(((twin >= 0) & (twin < codes)).astype(np.float32))[:, :, None]
    aligned = clean[np.arange(len(bad))[:, None], np.clip(twin, 0, codes - 1)]
    n = inside.sum(1)
    centre = lambda x: (x - (x * inside).sum(1, keepdim=True) / n[:, None]) * inside
    return centre(bad), centre(aligned), n


class Contrast:
    """InfoNCE over runs of soft codes cut from both sides at the same musical time."""

    def __init__(self, offsets: list[int], per_pair: int, scale: torch.nn.Parameter):
        self.offsets = np.array(offsets)
        self.per_pair = per_pair
        self.scale = scale

    def __call__(self, clean, bad, maps, left, rng):
        pairs, codes, _ = bad.shape
        span = int(self.offsets[-1])
        first = rng.integers(0, codes - span, (pairs, self.per_pair))
        at = first[:, :, None] + self.offsets
        twin = twins(at, maps[:, 0, None, None], maps[:, 1, None, None], left)
        inside = (twin.min(2) >= 0) & (twin.max(2) < codes)
        twin = np.clip(twin, 0, codes - 1)
        row = np.arange(pairs)[:, None, None]
        keep = torch.from_numpy(inside.ravel())
        a = bad[row, at].flatten(0, 1).flatten(1)[keep]
        b = clean[row, twin].flatten(0, 1).flatten(1)[keep]
        logits = a @ b.T * (self.scale.exp() / a.shape[1])
        pair = np.repeat(np.arange(pairs), self.per_pair)[inside.ravel()]
        place = first.ravel()[inside.ravel()]
        near = (pair[:, None] == pair) & (np.abs(place[:, None] - place) < NEAR_CODES)
        np.fill_diagonal(near, False)
        logits = logits.masked_fill(torch.from_numpy(near), -1e4)
        truth = torch.arange(len(a))
        both = functional.cross_entropy(logits, truth) + functional.cross_entropy(logits.T, truth)
        wrong = ((a > 0) != (b > 0)).float().mean()
        return both / 2, wrong.item(), (logits.argmax(1) == truth).float().mean().item()


class Certainty:
    """How far beyond chance each pair's agreement lies, as core's compare.rs counts it.

    Agreement S of a pair over the square root of the variance V that unrelated pairs of the batch
    show: mean over j of the summed squares of the cross-correlation of i with j, through the
    batch's mean cross-spectrum. The loss asks for certainty where it is in doubt, near the
    threshold; what is certain anyway and what is hopeless have little gradient.
    """

    def __init__(self, threshold: float, softness: float, codes: int):
        self.threshold, self.softness, self.codes = threshold, softness, codes

    def __call__(self, clean, bad, maps, left):
        codes = bad.shape[1]
        a, b, n = side_by_side(clean, bad, maps, left)
        agreement = (a * b).sum((1, 2))
        size = 1 << (2 * codes - 1).bit_length()
        fa, fb = torch.fft.rfft(a, size, dim=1), torch.fft.rfft(b, size, dim=1)
        mean = torch.einsum("ifb,ifc->fbc", fb, fb.conj()) / len(fb)
        power = torch.einsum("ifb,fbc,ifc->if", fa.conj(), mean, fa).real
        both_sides = torch.full((power.shape[1],), 2.0)
        both_sides[0] = both_sides[-1] = 1.0
        variance = (power * both_sides).sum(1) / size / n[:, 0]
        certainty = agreement / variance.clamp_min(1.0).sqrt() * (self.codes / n[:, 0]).sqrt()
        doubt = functional.softplus((self.threshold - certainty) / self.softness) * self.softness
        return doubt.mean(), certainty.mean().item(), (certainty > self.threshold).float().mean().item()


def learn(folder: Path, out: Path, options) -> None:
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    rng = np.random.default_rng(options.seed)
    data = Bank(folder)
    numbers = lambda text: tuple(int(n) for n in text.split(","))
    encoder = network.Encoder(
        numbers(options.channels), numbers(options.taps), numbers(options.dilations),
        options.mean_hops, options.bits,
    )
    if options.start:
        encoder.load_state_dict(network.load(options.start).state_dict())
    scales = torch.nn.ParameterList(torch.nn.Parameter(torch.tensor(s)) for s in (2.0, 2.5))
    keys = Contrast([KEY_SPACING * i for i in range(KEY_CODES)], KEYS_PER_PAIR, scales[0])
    segments = Contrast(list(range(options.segment)), SEGMENTS_PER_PAIR, scales[1])
    certain = Certainty(options.threshold, 2.0, 270)
    print("weights", encoder.multiply_adds_per_hop(), "context", encoder.context_hops, flush=True)
    parameters = [*encoder.parameters(), *scales]
    optimiser = torch.optim.AdamW(parameters, lr=options.rate, weight_decay=0 if options.rounded else 1e-4)
    begun, step, log = time.time(), 0, []
    mean = spread = None
    while (done := (time.time() - begun) / options.seconds if options.seconds else step / options.steps) < 1:
        for group in optimiser.param_groups:
            group["lr"] = options.rate * min(1, (step + 1) / 100) * (0.5 + 0.5 * np.cos(np.pi * done)) + 1e-5
        clean, bad, maps = data.batch(options.batch, rng)
        both = encoder(torch.cat([clean, bad]), rounded=options.rounded)
        half = both[: len(clean)].detach()
        now = half.mean((0, 1)), half.std((0, 1))
        if mean is None:
            mean, spread = now
        mean, spread = mean + 0.03 * (now[0] - mean), spread + 0.03 * (now[1] - spread)
        soft = torch.tanh((both - mean) / spread * STEEPNESS)
        clean, bad = soft[: len(clean)], soft[len(clean) :]
        key_loss, key_wrong, key_found = keys(clean, bad, maps, encoder.left_hops, rng)
        loss, wrong, found = segments(clean, bad, maps, encoder.left_hops, rng)
        balance = clean.mean((0, 1)).pow(2).mean()
        flat = clean.flatten(0, 1)
        flat = flat - flat.mean(0)
        correlation = (flat.T @ flat) / len(flat)
        cross = (correlation - torch.diag(torch.diag(correlation))).pow(2).sum() / (options.bits * (options.bits - 1))
        doubt, certainty, sure = certain(clean, bad, maps, encoder.left_hops)
        total = options.doubt_weight * doubt + options.segment_weight * loss + options.key_weight * key_loss + options.balance * balance + options.cross * cross
        optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
        optimiser.step()
        if options.rounded:
            encoder.keep_in_range()
        step += 1
        log.append((key_loss.item(), key_found, loss.item(), found, wrong, certainty, sure))
        if step % 200 == 0:
            a = np.mean(log[-200:], 0)
            print(
                f"{step} {time.time() - begun:.0f} s: keys {a[0]:.3f} found {a[1]:.3f}; "
                f"segments {a[2]:.3f} found {a[3]:.3f}; bit error {a[4]:.3f}; certainty {a[5]:.2f} sure {a[6]:.3f}",
                flush=True,
            )
            finish(encoder, mean, out, step)
    finish(encoder, mean, out, step)


def finish(encoder: network.Encoder, mean: torch.Tensor, out: Path, steps: int) -> None:
    """Saves a copy whose last bias holds the running centre."""
    copy = network.Encoder(**encoder.shape)
    copy.load_state_dict(encoder.state_dict())
    with torch.no_grad():
        copy.out.bias -= mean
    network.save(copy, out, steps=steps)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bank", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--channels", default="64,64,64")
    parser.add_argument("--taps", default="3,3,3")
    parser.add_argument("--dilations", default="1,2,4")
    parser.add_argument("--mean-hops", type=int, default=17)
    parser.add_argument("--bits", type=int, default=network.BITS)
    parser.add_argument("--threshold", type=float, default=9.0)
    parser.add_argument("--doubt-weight", type=float, default=1.0)
    parser.add_argument("--segment-weight", type=float, default=0.0)
    parser.add_argument("--segment", type=int, default=32)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--key-weight", type=float, default=0.5)
    parser.add_argument("--balance", type=float, default=1.0)
    parser.add_argument("--cross", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--steps", type=int, default=8_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--start", type=Path, help="go on from this network")
    parser.add_argument("--rounded", action="store_true", help="12-bit weights and activations")
    options = parser.parse_args()
    learn(options.bank, options.out, options)
