"""Log bands back to 8 kHz audio: band power spread over the bins, then noise or Griffin-Lim."""

import numpy as np
from scipy import fft, signal

from .frontend import BAND_HIGH_HZ, BAND_LOW_HZ, BANDS, FRAME, RATE_HZ, WINDOW

ROUNDS = 24
_HANN = signal.windows.hann(WINDOW, sym=False).astype(np.float32)
_BINS_HZ = np.arange(WINDOW // 2 + 1) * RATE_HZ / WINDOW
_CENTRES_HZ = BAND_LOW_HZ * (BAND_HIGH_HZ / BAND_LOW_HZ) ** (np.arange(1, BANDS + 1) / (BANDS + 1))


def bin_log2_power(bands: np.ndarray) -> np.ndarray:
    """[frames, 32] to [frames, 513]: linear in log frequency, silent outside 250 to 3,500 Hz."""
    at = np.interp(np.log(np.maximum(_BINS_HZ, 1)), np.log(_CENTRES_HZ), np.arange(BANDS))
    low = np.minimum(at.astype(int), BANDS - 2)
    part = (at - low).astype(np.float32)
    power = bands[:, low] * (1 - part) + bands[:, low + 1] * part
    power[:, (_BINS_HZ < BAND_LOW_HZ) | (_BINS_HZ > BAND_HIGH_HZ)] = 0
    return power


def _stft(pcm: np.ndarray) -> np.ndarray:
    return fft.rfft(np.lib.stride_tricks.sliding_window_view(pcm, WINDOW)[::FRAME] * _HANN)


def _added(frames: np.ndarray) -> np.ndarray:
    """Overlap-add, FRAME samples of all frames at a time."""
    blocks = -(-WINDOW // FRAME)
    rows = np.zeros((len(frames) + blocks - 1, FRAME), np.float32)
    for i in range(blocks):
        part = frames[:, i * FRAME : (i + 1) * FRAME]
        rows[i : i + len(frames), : part.shape[1]] += part
    return rows.ravel()[: (len(frames) - 1) * FRAME + WINDOW]


def _istft(spectrum: np.ndarray) -> np.ndarray:
    weight = _added(np.broadcast_to(_HANN**2, (len(spectrum), WINDOW)))
    return _added(fft.irfft(spectrum, WINDOW) * _HANN) / (weight + 1e-3)


def noise(bands: np.ndarray, seed: int = 0) -> np.ndarray:
    """A whisper: noise shaped by the bands. Sample 0 is the first frame's first."""
    rng = np.random.default_rng(seed)
    white = rng.standard_normal((len(bands) - 1) * FRAME + WINDOW).astype(np.float32)
    amplitude = np.exp2(bin_log2_power(bands) / 2)
    return _istft(_stft(white) * amplitude)


def griffin_lim(bands: np.ndarray, seed: int = 0) -> np.ndarray:
    """Phases that agree with each other across overlapping frames, begun from the noise's."""
    amplitude = np.exp2(bin_log2_power(bands) / 2) * np.sqrt(WINDOW)
    pcm = noise(bands, seed)
    for _ in range(ROUNDS):
        spectrum = _stft(pcm)
        pcm = _istft(amplitude * spectrum / (np.abs(spectrum) + 1e-6))
    return pcm
