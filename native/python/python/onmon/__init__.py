"""An audio fingerprint of 1.8 KB: numpy in, fingerprints out, identified by a server.

Audio stays on this machine; only a fingerprint leaves it, and only when a `Server` is asked.
"""

from onmon._onmon import (
    MEDIA_TYPE,
    Extractor,
    Fingerprint,
    Match,
    __version__,
    compare,
    fingerprint_file,
    reference_file,
)
from onmon.errors import OnmonError
from onmon.pcm import fingerprint, reference
from onmon.server import Identification, Recording, Server

__all__ = [
    "MEDIA_TYPE",
    "Extractor",
    "Fingerprint",
    "Identification",
    "Match",
    "OnmonError",
    "Recording",
    "Server",
    "__version__",
    "compare",
    "fingerprint",
    "fingerprint_file",
    "reference",
    "reference_file",
]
