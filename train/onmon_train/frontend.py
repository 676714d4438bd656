"""PCM to log bands: the float twin of core/src/spectrum.rs and bands.rs, for training data.

Constants are those of core/src/profile.rs; `spec/fingerprint.md`, sections 3 and 4, has the
formulas. Values agree with core's to about one step of 1/256; training needs no more.
"""

import numpy as np
from scipy import fft

RATE_HZ = 8_000
WINDOW = 1_024
FRAME = 200
FRAMES_PER_HOP = 2
HOP = FRAME * FRAMES_PER_HOP
BANDS = 32
BAND_LOW_HZ, BAND_HIGH_HZ = 250.0, 3_500.0


def _band_weights() -> np.ndarray:
    """Triangular bands, equally spaced in pitch, each summing to one: [bins, bands]."""
    ratio = BAND_HIGH_HZ / BAND_LOW_HZ
    edges = BAND_LOW_HZ * ratio ** (np.arange(BANDS + 2) / (BANDS + 1)) / RATE_HZ * WINDOW
    bins = np.arange(WINDOW // 2 + 1)
    weights = np.zeros((len(bins), BANDS), np.float32)
    for band in range(BANDS):
        low, centre, high = edges[band : band + 3]
        low, high = min(low, centre - 1), max(high, centre + 1)
        slope = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
        weights[:, band] = np.clip(slope, 0, None)
    return weights / weights.sum(0)


_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
_WEIGHTS = _band_weights()


def log_bands(pcm: np.ndarray) -> np.ndarray:
    """Log bands of 16-bit-scaled PCM at 8 kHz: [frames, 32] float32, log2, one row per 25 ms."""
    frames = np.lib.stride_tricks.sliding_window_view(pcm.astype(np.float32), WINDOW)[::FRAME]
    spectrum = fft.rfft(frames * _WINDOW, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.log2(power @ _WEIGHTS / WINDOW + 1.0)


def to_int16(pcm: np.ndarray) -> np.ndarray:
    """What a client's 16-bit input would be: rounded, saturated."""
    return np.clip(np.round(pcm), -32_768, 32_767).astype(np.int16)
