"""What server/synth draws its codes from: a folder of reference fingerprints to a table of 70 KB.

    onmon enrol ... or cargo xtask bench impostors leaves *.ref.afp files; then
    python -m onmon_train.synthetic FOLDER ../server/synth/src/model.bin

The table holds, after a header of text that an empty line ends (server/synth/src/model.rs reads it)
    256 x 256 bytes    which code follows which: v * v is proportional to how often
    9 x 9 bytes        how well a code is taken that differs in 0 to 8 bits from the last but one:
                       first where the two before it differ in 0 bits, then in 1 bit, and so on
    16 bytes           how common each style is
    16 x 256 bytes     how well each code is taken in each style
    16 bytes           the codes that follow an attack
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np

CODES = 256
# A run of one code this long is silence or a held tone, not what music does next. Silence is
# modelled on its own.
HELD = 4
# Added to every count of a transition: what was never seen in 1.4 M codes may yet happen.
PRIOR = 0.3
# Codes (10 s) whose mixture of codes is one style, and how many styles.
STRETCH, STYLES = 60, 16
# A style wants no code more than this many times as often as music at large, nor less than the
# inverse of the second: styles are drawn by rejection, and what is rarer takes longer.
WANTED_MOST, WANTED_LEAST = 4.0, 1 / 16
# Stretches of one looped song must not be a style of their own: pseudo-counts of a code from all
# music.
STYLE_PRIOR = 100
# Drums, plucked strings, whatever begins at once: the codes around an attack are the same again and
# again, more or less. First guess: what a mixture of 64 windows of 16 codes had in most of its
# parts; then the majority of all windows with no more bit errors than this.
ATTACK = bytes.fromhex("f6b2b2f2e6422b4f9cac40413b3bf6b2")
ATTACK_ERRORS, ATTACK_ROUNDS = 0.22, 5
BITS = np.array([code.bit_count() for code in range(CODES)])


def codes_of(path: Path) -> np.ndarray:
    """The codes of a reference fingerprint (spec/wire.md)."""
    data = path.read_bytes()
    if data[:4] != b"ONM\x01":
        raise SystemExit(f"{path}: not a fingerprint")
    at, values = 6, []  # from encoder on: duration, samples, start, length
    while len(values) < 5:
        value = shift = 0
        while True:
            byte = data[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                break
        values.append(value)
    return np.frombuffer(data, np.uint8, values[4], at)


def moving(codes: np.ndarray) -> list[np.ndarray]:
    """The parts between held codes."""
    starts = np.flatnonzero(np.diff(codes, prepend=codes[0] ^ 1))
    ends = np.append(starts[1:], len(codes))
    parts, begin = [], 0
    for start, end in zip(starts, ends):
        if end - start >= HELD:
            parts.append(codes[begin:start])
            begin = end
    return [part for part in [*parts, codes[begin:]] if len(part) > 2]


def transitions(parts: list[np.ndarray]) -> np.ndarray:
    """Bytes whose squares are proportional to the counts; the largest of a row is 255."""
    counts = np.full((CODES, CODES), PRIOR)
    for part in parts:
        np.add.at(counts, (part[:-1], part[1:]), 1)
    return np.round(255 * np.sqrt(counts / counts.max(1, keepdims=True))).astype(np.uint8)


def two_back(parts: list[np.ndarray], chain: np.ndarray) -> np.ndarray:
    """How much more often music differs by so many bits from two codes ago than the chain alone.

    A code hears 1.36 s, its neighbours nearly the same: the chain alone would remember too long.
    """
    pairs, real = np.zeros((CODES, CODES)), np.zeros((9, 9))
    for part in parts:
        a, b, c = part[:-2], part[1:-1], part[2:]
        np.add.at(pairs, (a, b), 1)
        np.add.at(real, (BITS[a ^ b], BITS[a ^ c]), 1)
    model, every = np.zeros((9, 9)), np.arange(CODES)
    for a in range(CODES):
        expected = pairs[a][:, None] * chain
        rows = np.broadcast_to(BITS[a ^ every][:, None], expected.shape)
        columns = np.broadcast_to(BITS[a ^ every][None, :], expected.shape)
        np.add.at(model, (rows, columns), expected)
    ratio = (real + 1) / (model + 1)
    common = real > 0.01 * real.sum(1, keepdims=True)
    return np.clip(ratio / np.where(common, ratio, 0).max(1, keepdims=True), 0.05, 1)


def styles(parts: list[np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the styles, and their codes relative to all music's: a multinomial mixture."""
    stretches = np.array([
        np.bincount(part[at : at + STRETCH], minlength=CODES)
        for part in parts
        for at in range(0, len(part) - STRETCH + 1, STRETCH)
    ])
    pooled = stretches.sum(0) / stretches.sum()
    belongs = rng.dirichlet(np.full(STYLES, 0.2), len(stretches))
    for _ in range(100):
        share = belongs.mean(0)
        probability = belongs.T @ stretches + STYLE_PRIOR * pooled
        probability /= probability.sum(1, keepdims=True)
        likelihood = stretches @ np.log(probability).T + np.log(share + 1e-9)
        belongs = np.exp(likelihood - likelihood.max(1, keepdims=True))
        belongs /= belongs.sum(1, keepdims=True)
    return belongs.mean(0), np.clip(probability / pooled, WANTED_LEAST, WANTED_MOST)


def attack(parts: list[np.ndarray]) -> np.ndarray:
    """The codes that follow an attack."""
    codes = np.frombuffer(ATTACK, np.uint8)
    windows = np.concatenate([
        np.lib.stride_tricks.sliding_window_view(part, len(codes))
        for part in parts
        if len(part) >= len(codes)
    ])
    for _ in range(ATTACK_ROUNDS):
        errors = sum(BITS[windows[:, at] ^ code] for at, code in enumerate(codes))
        near = windows[errors < ATTACK_ERRORS * 8 * len(codes)]
        codes = np.packbits(np.unpackbits(near, axis=1).mean(0) > 0.5)
    return codes


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("--music", default="train and validation splits of sources.py")
    options = arguments.parse_args()
    songs = [codes_of(path) for path in sorted(options.folder.glob("*.ref.afp"))]
    parts = [part for song in songs for part in moving(song)]
    chain = transitions(parts)
    weight = chain.astype(float) ** 2
    back = two_back(parts, weight / weight.sum(1, keepdims=True))
    share, wanted = styles(parts, np.random.default_rng(1))
    print("styles", np.round(share, 3), "acceptance", np.round(1 / wanted.max(1), 2))
    table = b"".join([
        chain.tobytes(),
        np.round(255 * back).astype(np.uint8).tobytes(),
        np.maximum(1, np.round(255 * share / share.max())).astype(np.uint8).tobytes(),
        np.round(255 * wanted / wanted.max(1, keepdims=True)).astype(np.uint8).tobytes(),
        attack(parts).tobytes(),
    ])
    header = [
        "onmon synthetic codes, model 1",
        "made by: python -m onmon_train.synthetic (no randomness but seed 1)",
        f"from: {len(songs)} recordings, {sum(map(len, songs))} codes of encoder 3",
        f"music: {options.music}",
        f"sha256 of what follows the empty line: {hashlib.sha256(table).hexdigest()}",
    ]
    options.model.write_bytes("\n".join([*header, "", ""]).encode() + table)


if __name__ == "__main__":
    main()
