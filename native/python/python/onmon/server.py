"""A server that knows recordings, asked over HTTP. Only fingerprints are sent to it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from onmon._onmon import MEDIA_TYPE, Fingerprint, __version__
from onmon.errors import OnmonError

TRIES = 4
FIRST_WAIT_S = 0.4
ANSWER_BYTES_MAX = 4 << 20

# What another try may change: the server is busy, or behind a proxy that is.
PASSING = (408, 429, 502, 503, 504)


@dataclass(frozen=True)
class Recording:
    """A recording that a fingerprint was found in."""

    recording_id: str
    title: str | None
    artist: str | None
    isrc: str | None
    iswc: str | None
    offset_ms: int
    """Where in the recording the query begins; negative if the query begins before it."""
    confidence: float
    """At most 10^-confidence false matches are expected per query against 2 million songs."""


@dataclass(frozen=True)
class Identification:
    """What a fingerprint is, and whether it may be shared."""

    decision: str
    """`permit`, `refuse` or `unregistered`."""
    rule: str
    """Why, in words."""
    matches: tuple[Recording, ...]
    """Every recording that it is certain to be, the surest first."""


class Server:
    """An onmon server, by its address."""

    def __init__(self, url: str, timeout_s: float = 60.0) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{url} is no server's address; it looks like http://127.0.0.1:8787")
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s

    def identify(self, fingerprint: Fingerprint) -> Identification:
        """Asks what a query fingerprint is. Tries again where the server is busy.

        Raises `OnmonError`: `server_unreachable`, `server_answer`, or the server's own code.
        """
        answer = self._post("/v1/identify", bytes(fingerprint))
        try:
            matches = tuple(_recording(found) for found in answer["matches"])
            return Identification(answer["decision"], answer["rule"], matches)
        except (KeyError, TypeError) as error:
            raise OnmonError("server_answer", f"the server's answer lacks {error}") from error

    def _post(self, route: str, body: bytes) -> dict[str, Any]:
        headers = {"Content-Type": MEDIA_TYPE, "User-Agent": f"onmon-python/{__version__}"}
        request = urllib.request.Request(self._url + route, body, headers)
        wait_s = FIRST_WAIT_S
        for attempt in range(1, TRIES + 1):
            try:
                with urllib.request.urlopen(request, timeout=self._timeout_s) as response:
                    return _parsed(response.read(ANSWER_BYTES_MAX + 1))
            except urllib.error.HTTPError as error:
                if error.code not in PASSING or attempt == TRIES:
                    raise _problem(error) from error
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                if attempt == TRIES:
                    message = f"{self._url} does not answer: {error}"
                    raise OnmonError("server_unreachable", message) from error
            time.sleep(wait_s)
            wait_s *= 2
        raise OnmonError("server_unreachable", f"{self._url} does not answer")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        if len(body) > ANSWER_BYTES_MAX:
            raise ValueError("it is too long")
        answer = json.loads(body)
        if not isinstance(answer, dict):
            raise ValueError("it is no object")
        return answer
    except ValueError as error:
        raise OnmonError("server_answer", f"the server's answer cannot be read: {error}") from error


def _problem(error: urllib.error.HTTPError) -> OnmonError:
    """What the server says is wrong (RFC 9457)."""
    try:
        problem = json.loads(error.read(ANSWER_BYTES_MAX))
        return OnmonError(problem["code"], problem["detail"])
    except (ValueError, KeyError, TypeError):
        return OnmonError("server_refused", f"the server answers {error.code}")


def _recording(found: dict[str, Any]) -> Recording:
    return Recording(
        recording_id=found["recording_id"],
        title=found.get("title"),
        artist=found.get("artist"),
        isrc=found.get("isrc"),
        iswc=found.get("iswc"),
        offset_ms=found["offset_ms"],
        confidence=found["confidence"],
    )
