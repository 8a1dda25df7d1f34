"""The meters of a status document, read without trust: what is missing or odd is unknown, never zero."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hexmeter.core.instants import parse_iso
from hexmeter.core.strings import clean

_SEVERITY = {"exhausted": 3, "critical": 2, "warning": 1, "ok": 0}
_LABEL_CHARACTERS = 60
_MOST = 1e12
"""Beyond it no figure of credits is one, and sums of floats are wrong."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One meter: amounts in credits (runs for `runs`), None where unknown.

    `probability` that it runs out, None without a forecast; `exhaust_at_ms` only if the forecast says that it will.
    `reset_ms`: the period's end. `prompts_left`: how many typical and how many heavy prompts it still holds.
    `note`: why a figure is not known; empty where there is nothing to say.
    """

    id: str
    kind: str
    label: str
    state: str
    bound: str
    limit: float | None
    used: float | None
    remaining: float | None
    probability: float | None
    exhaust_at_ms: int | None
    reset_ms: int | None
    prompts_left: tuple[int, int] | None
    note: str

    @property
    def share_left(self) -> float | None:
        """0 to 1, or None when it is not known."""
        if self.state == "unknown" or self.remaining is None or self.limit is None:
            return None
        if self.limit <= 0:
            return 0.0
        return min(1.0, max(0.0, self.remaining / self.limit))

    @property
    def nearness(self) -> tuple[int, float]:
        """Sorts by how near the limit is: a known state before an unknown, the worse before the better."""
        share = self.share_left
        if share is None:
            return (-1, 0.0)
        return (_SEVERITY[self.state], -share)


def figures(status: Mapping[str, Any]) -> tuple[Figure, ...]:
    """The meters of a status document, in its order."""
    meters = status.get("meters")
    if not isinstance(meters, list):
        return ()
    return tuple(_figure(meter) for meter in meters if isinstance(meter, Mapping))


def worst_first(all_figures: tuple[Figure, ...]) -> list[Figure]:
    """Nearest their limit first; those alike keep their order."""
    return sorted(all_figures, key=lambda figure: figure.nearness, reverse=True)


def instant(value: object) -> int | None:
    """Unix milliseconds of an ISO instant, or None when it is none."""
    if not isinstance(value, str):
        return None
    try:
        return parse_iso(value)
    except ValueError:
        return None


def number(value: object) -> float | None:
    """A number that can be a figure, or None when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_MOST < value < _MOST:
        return None
    return value


def text(value: object, limit: int = 200) -> str:
    """A stranger's string made harmless and one line; what is no string is empty."""
    return clean(" ".join(value.split()), limit) if isinstance(value, str) else ""


def _figure(meter: Mapping[str, Any]) -> Figure:
    state, forecast, period = meter.get("state"), meter.get("forecast"), meter.get("period")
    identity = text(meter.get("id"))
    return Figure(
        id=identity,
        kind=text(meter.get("kind")),
        label=text(meter.get("label"), _LABEL_CHARACTERS) or identity,
        state=state if isinstance(state, str) and state in _SEVERITY else "unknown",
        bound=text(meter.get("bound")),
        limit=number(meter.get("limit")),
        used=number(meter.get("used")),
        remaining=number(meter.get("remaining")),
        probability=number(forecast.get("probability")) if isinstance(forecast, Mapping) else None,
        exhaust_at_ms=instant(forecast.get("exhaust_at")) if isinstance(forecast, Mapping) else None,
        reset_ms=instant(period.get("end")) if isinstance(period, Mapping) else None,
        prompts_left=_prompts_left(meter.get("prompts_left")),
        note=text(meter.get("note")),
    )


def _prompts_left(given: object) -> tuple[int, int] | None:
    if not isinstance(given, Mapping):
        return None
    typical, heavy = number(given.get("typical")), number(given.get("heavy"))
    return None if typical is None or heavy is None else (int(typical), int(heavy))
