"""What the extension module gives: `tests/test_stubs.py` holds it true."""

import os
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

_Samples = npt.NDArray[np.int16] | npt.NDArray[np.float32] | npt.NDArray[np.float64]
_Codes = npt.NDArray[np.uint8]

__version__: Final[str]
MEDIA_TYPE: Final[str]

class Extractor:
    """Turns PCM into one code per 50 ms, block by block; blocks may be of any length."""

    def __new__(cls, rate_hz: int, channels: int = 1) -> Extractor: ...
    def push(self, samples: _Samples) -> _Codes:
        """Takes a block of shape (samples,), interleaved, or (frames, channels); the codes that it completes."""
    @property
    def codes(self) -> _Codes:
        """All codes so far."""
    @property
    def duration_ms(self) -> int:
        """Milliseconds of audio so far."""
    def query(self) -> Fingerprint:
        """The query fingerprint of all so far: at most six samples of 15 s."""
    def reference(self) -> Fingerprint:
        """The reference fingerprint of all so far: every code."""

class Fingerprint:
    """A valid fingerprint; `bytes(fingerprint)` are exactly those that are sent."""

    @staticmethod
    def from_bytes(data: bytes) -> Fingerprint:
        """Reads what `bytes(fingerprint)` gave. Any bytes are safe to pass; raises `OnmonError`."""
    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int: ...
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...
    @property
    def kind(self) -> Literal["query", "reference"]: ...
    @property
    def duration_ms(self) -> int:
        """Length of the recording; 0 where it is not known."""
    @property
    def codes(self) -> _Codes:
        """All codes, sample after sample."""
    @property
    def samples(self) -> list[tuple[int, _Codes]]:
        """Each sample's first code, counted in the recording, and its codes."""

class Match:
    """Where a query lies on a recording."""

    @property
    def offset_ms(self) -> int:
        """Milliseconds from the recording's start to the query's; negative if the query starts before."""
    @property
    def speed(self) -> float:
        """Seconds of the recording per second of the query, 0.94 to 1.06."""
    @property
    def confidence(self) -> float:
        """At most 10^-confidence false matches are expected per query against 2 million songs."""
    @property
    def bit_error(self) -> float:
        """Share of bits that differ in what agrees: 0 for the same codes, about 0.5 by chance."""
    @property
    def matched_ms(self) -> int:
        """Milliseconds of the query that agree."""

def compare(query: Fingerprint, reference: Fingerprint) -> Match:
    """Lays a query on a reference, where they agree best."""

def fingerprint_file(path: str | os.PathLike[str]) -> Fingerprint:
    """The query fingerprint of an audio file; reads what its six samples need. Threads may take several at once."""

def reference_file(path: str | os.PathLike[str]) -> Fingerprint:
    """The reference fingerprint of an audio file."""
