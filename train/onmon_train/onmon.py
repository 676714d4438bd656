"""onmon as a system under test: the program that asks the real extractor and the real index."""

import json
import subprocess
from pathlib import Path

from .sources import RATE_HZ


class Onmon:
    """`tests/examples/robustness.rs`, running: a line in, a line out."""

    def __init__(self, program: Path, encoder: int, codes_to: Path | None = None):
        command = [str(program), "--encoder", str(encoder)]
        if codes_to:
            command += ["--codes-to", str(codes_to)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def enrol(self, name: str, pcm: Path) -> None:
        """Puts a recording into the index."""
        self._ask("reference", name, [(0, pcm)])

    def identify(self, name: str, parts: list[tuple[int, Path]]) -> list[dict]:
        """The matches of a question, best first."""
        return self._ask("query", name, parts)["matches"]

    def close(self) -> None:
        """Ends the program."""
        self._process.stdin.close()
        self._process.wait()

    def _ask(self, role: str, name: str, parts: list[tuple[int, Path]]) -> dict:
        samples = [{"path": str(path), "start": start} for start, path in parts]
        question = {"id": name, "role": role, "rate": RATE_HZ, "samples": samples}
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"onmon ended ({self._process.wait()}) at the {role} {name}")
        return json.loads(line)


def encoders(program: Path) -> list[int]:
    """The encoders that the program can run, its default first."""
    return json.loads(subprocess.run([program, "--encoders"], capture_output=True).stdout)
