"""Starts `hexmeter simulate` as a process of its own, for tests of the whole product."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

_ENDS_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class SimulatorProcess:
    """A simulated Hex in another process: `base_url` is Hex's, `url` the root."""

    base_url: str
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        """The root, below which /_sim/ is."""
        return self.base_url.removesuffix("/api/v1")

    def truth(self, since_ms: int | None = None, until_ms: int | None = None) -> dict[str, Any]:
        """What was really spent in [since, until), in micro-credits."""
        bounds = {"since_ms": since_ms, "until_ms": until_ms}
        return self.read("truth", **{name: value for name, value in bounds.items() if value is not None})

    def requests(self) -> list[dict[str, Any]]:
        """The requests to Hex so far, oldest first."""
        requests: list[dict[str, Any]] = self.read("requests")["requests"]
        return requests

    def read(self, name: str, **query: Any) -> dict[str, Any]:
        """GET /_sim/NAME."""
        return _document(httpx.get(f"{self.url}/_sim/{name}", params=query, timeout=10))

    def change(self, name: str, **body: Any) -> dict[str, Any]:
        """POST /_sim/NAME, such as `change("grow", email="ed@acme.test", credits="1.5")`."""
        return _document(httpx.post(f"{self.url}/_sim/{name}", json=body, timeout=10))


@contextmanager
def simulator_process(*options: str) -> Iterator[SimulatorProcess]:
    """Run `hexmeter simulate` on a free port until the block ends; nothing arrives unless `--pace` is given."""
    command = [sys.executable, "-m", "hexmeter", "simulate", "--port", "0", "--pace", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        if not base_url.startswith("http"):
            raise RuntimeError(f"hexmeter simulate did not start: {base_url!r}, exit {process.wait(_ENDS_WITHIN_S)}")
        yield SimulatorProcess(base_url, process)
    finally:
        process.terminate()
        try:
            process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _document(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document
