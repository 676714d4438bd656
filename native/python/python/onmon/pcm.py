"""Fingerprints of audio that is in memory already."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from onmon._onmon import Extractor, Fingerprint

Samples = npt.NDArray[np.int16] | npt.NDArray[np.float32] | npt.NDArray[np.float64]


def fingerprint(samples: Samples, rate_hz: int) -> Fingerprint:
    """The query fingerprint of a recording: what a server identifies.

    `samples` is of shape (frames,) or (frames, channels): int16, or float with full scale at +-1.
    Raises `OnmonError` where it is too short (2.4 s) or of a rate that is not taken.
    """
    return _extracted(samples, rate_hz).query()


def reference(samples: Samples, rate_hz: int) -> Fingerprint:
    """The reference fingerprint of a recording: what is enrolled, or compared with."""
    return _extracted(samples, rate_hz).reference()


def _extracted(samples: Samples, rate_hz: int) -> Extractor:
    channels = 1 if samples.ndim < 2 else samples.shape[1]
    extractor = Extractor(rate_hz, channels)
    extractor.push(samples)
    return extractor
