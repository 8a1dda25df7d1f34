"""Faults on demand, as data: which kinds there are, how they are written, and when one is due."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from hexmeter.hex.simulator.world import seeded

KINDS = {
    "301": "redirect to /elsewhere",
    "400": "error {message, code, issues}; =2, as for all errors up to 500: {reason, details, traceId}",
    "401": "token refused",
    "403": "insufficient access",
    "404": "not found",
    "429-seconds": "Retry-After in seconds (=N, default 7)",
    "429-date": "Retry-After as an HTTP date (=N seconds ahead, default 7)",
    "429-none": "without Retry-After",
    "500": "error {message, code, issues}",
    "502": "a proxy's HTML page",
    "503": "error {reason, details, traceId}",
    "timeout": "accept and never answer",
    "refuse": "close at once",
    "reset": "reset the connection halfway through the body",
    "truncated": "close halfway through the body",
    "gzip": "junk under Content-Encoding: gzip",
    "html": "status 200 with an HTML page",
    "big": "an endless-looking answer of =N bytes, default 50000000",
    "refused-cursor": "400 to a request with a cursor",
    "empty-page": "no items, and a cursor to the same page again",
    "cursor-loop": "the cursor leads back to the same page",
    "nan": "creditsUsed NaN in every third item",
    "negative": "creditsUsed -3.5 in every third item",
    "huge": "creditsUsed 1e308 in every third item",
    "null-fields": "all fields but the id null in every third item",
    "wrong-types": "a wrong type, a missing id or a garbage date in most items",
    "unknown": "enum values and fields nobody has heard of",
}
"""Every kind of fault, and what it does."""

SPEC_HELP = "KIND[=N][@PATH][:TIMES|:PROBABILITY], such as 500, 500:0.2, 429-seconds=30@/threads:3"

_SPEC = re.compile(
    r"(?P<kind>[a-z0-9-]+)(=(?P<value>\d{1,12}))?(@(?P<path>/[^:]*))?(:(?P<many>[1-9]\d{0,8}|0?\.\d+|1\.0+))?"
)


class BadFaultSpec(ValueError):
    """A fault is written wrongly; the message says how it should be, with all kinds."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a kind of KINDS, on paths that begin with `path` (below /api/v1).

    It strikes `times` times (None: always), each time by `probability`. `value` is the kind's own number, if any:
    seconds for 429, bytes for big, 2 for the other shape of an error.
    """

    kind: str
    path: str = ""
    times: int | None = None
    probability: float = 1.0
    value: int | None = None


def parse_fault(spec: str) -> Fault:
    """Read a fault as SPEC_HELP tells; raises BadFaultSpec."""
    match = _SPEC.fullmatch(spec.strip())
    if match is None or match["kind"] not in KINDS:
        raise BadFaultSpec(f"{spec!r} is no fault: write {SPEC_HELP}; kinds: {', '.join(KINDS)}")
    fault = Fault(match["kind"], match["path"] or "", value=None if match["value"] is None else int(match["value"]))
    many = match["many"]
    if many is None:
        return fault
    return replace(fault, probability=float(many)) if "." in many else replace(fault, times=int(many))


class Faults:
    """The armed faults; the first that fits strikes. Chance depends on `seed` alone."""

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 0) -> None:
        self._armed = list(faults)
        self._rng = seeded(seed, "faults")

    @property
    def armed(self) -> tuple[Fault, ...]:
        """The faults that may still strike, with the times they have left."""
        return tuple(self._armed)

    def arm(self, fault: Fault) -> None:
        """Add a fault behind those armed."""
        self._armed.append(fault)

    def clear(self) -> None:
        """Disarm all."""
        self._armed.clear()

    def due(self, path: str, fits: Callable[[Fault], bool]) -> Fault | None:
        """The fault that strikes a request of `path` now, of those that `fits` accepts; its times are counted down."""
        for index, fault in enumerate(self._armed):
            if path.startswith(fault.path) and fits(fault) and self._rng.random() < fault.probability:
                self._count_down(index, fault)
                return fault
        return None

    def _count_down(self, index: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self._armed[index] = replace(fault, times=fault.times - 1)
        else:
            del self._armed[index]
