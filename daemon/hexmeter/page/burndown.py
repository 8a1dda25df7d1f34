"""The picture of a meter: the credits left over its period, as points and as SVG."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core.instants import parse_iso
from hexmeter.core.outlooktexts import day
from hexmeter.page.html import figure, text

WIDE, HIGH = 1000, 400
"""The picture's own units: x from the period's start to its end, y from the whole limit (0) down to nothing left."""

Point = tuple[float, float]
_ROOM_BEFORE, _ROOM_AFTER = 0.2, 0.68
"""Where between the labels of both ends there is room for that of the present."""


@dataclass(frozen=True, slots=True)
class BurnDown:
    """Lines as points. `band` is the outline of the forecast's range, `median` the way to what is expected; both empty
    where there is no forecast. `ends` is where the credits are expected to be used up, or were."""

    actual: tuple[Point, ...]
    pace: tuple[Point, ...]
    past: tuple[tuple[Point, ...], ...]
    median: tuple[Point, ...]
    band: tuple[Point, ...]
    ends: float | None


@dataclass(frozen=True, slots=True)
class _Scale:
    start_ms: int
    end_ms: int
    limit: float

    def x(self, at_ms: int) -> float:
        share = (at_ms - self.start_ms) / (self.end_ms - self.start_ms)
        return round(WIDE * min(1.0, max(0.0, share)), 1)

    def y(self, left: float) -> float:
        """Of a limit of nothing, nothing is left."""
        share = left / self.limit if self.limit > 0 else 0.0
        return round(HIGH * (1 - min(1.0, max(0.0, share))), 1)

    def at(self, iso: str, used: float) -> Point:
        return self.x(parse_iso(iso)), self.y(self.limit - used)


def burn_down(meter: dict[str, Any]) -> BurnDown | None:
    """The lines of a meter of the dashboard's document; None where its figure or its course is not known."""
    course = meter["course"]
    if course is None or meter["limit"] is None or meter["used"] is None:
        return None
    scale = _scale(course, meter["limit"])
    actual = _line(course, scale)
    forecast = meter["forecast"]
    is_known = "unknown" not in forecast and meter["state"] != "exhausted" and bool(actual)
    exhaust_ms = parse_iso(forecast["exhaust_at"]) if forecast.get("exhaust_at") else None
    return BurnDown(
        actual=actual,
        # What has no period of its own, as the pool, need not last for one.
        pace=((0.0, 0.0), (float(WIDE), float(HIGH))) if meter["period"] else (),
        past=tuple(_line(past, _scale(past, meter["limit"])) for past in course["past"]),
        median=_median(actual[-1], forecast, exhaust_ms, scale) if is_known else (),
        band=_band(actual[-1], forecast, scale) if is_known else (),
        ends=None if exhaust_ms is None or not is_known else scale.x(exhaust_ms),
    )


def svg(picture: BurnDown, meter: dict[str, Any], words: str, zone: ZoneInfo, key: str) -> str:
    """The picture, `words` being what it says. Lines stretch with the page's width, and labels do not."""
    course = meter["course"]
    lines = [
        *(_polyline(line, "past") for line in picture.past),
        _polygon(picture.band, "band"),
        _polyline(picture.pace, "pace"),
        _polyline(picture.median, "median"),
        _polyline(picture.actual, "actual"),
        _dot(picture.actual[-1:], "dot"),
        _dot(((picture.ends, HIGH),) if picture.ends is not None else (), "end"),
    ]
    start, end = (_date(course[name], zone) for name in ("start", "end"))
    end = f"Reset {end}" if meter["period"] else end
    now = picture.actual[-1][0] / WIDE if picture.actual else 0.0
    labels = [f'<text x="0" y="178">{text(start)}</text>', f'<text x="100%" y="178" class="r">{text(end)}</text>']
    if _ROOM_BEFORE < now < _ROOM_AFTER:
        read = _date(course["points"][-1][0], zone)
        labels.append(f'<text x="{100 * now:.1f}%" y="178" class="m">{text(read)}</text>')
    inner = (
        f'<svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" y="4" width="100%" height="156" '
        f'overflow="visible"><path class="axis" d="M0 0H{WIDE}M0 {HIGH}H{WIDE}"/>{"".join(lines)}</svg>'
    )
    return figure(key, f"{meter['label']}: credits left over the period", words, inner + "".join(labels), 184)


def _date(iso: str, zone: ZoneInfo) -> str:
    """A local day without its weekday: 26 Nov."""
    return day(parse_iso(iso), zone).partition(" ")[2]


def _scale(course: Mapping[str, Any], limit: float) -> _Scale:
    return _Scale(parse_iso(course["start"]), parse_iso(course["end"]), limit)


def _line(course: Mapping[str, Any], scale: _Scale) -> tuple[Point, ...]:
    return tuple(scale.at(iso, used) for iso, used in course["points"])


def _median(now: Point, forecast: Mapping[str, Any], exhaust_ms: int | None, scale: _Scale) -> tuple[Point, ...]:
    """From now to what is expected at the end, or to where nothing is left any more."""
    if exhaust_ms is not None:
        return now, (max(now[0], scale.x(exhaust_ms)), float(HIGH))
    return now, (float(WIDE), scale.y(scale.limit - forecast["expected_total"]))


def _band(now: Point, forecast: Mapping[str, Any], scale: _Scale) -> tuple[Point, ...]:
    """The outline of the range: from now along its upper edge to the end, and back along the lower one; an edge that
    comes down to nothing before the end goes on there."""
    upper, lower = (_edge(now, scale.limit - forecast[name], scale) for name in ("low", "high"))
    return (now, *upper, *reversed(lower))


def _edge(now: Point, left_at_end: float, scale: _Scale) -> list[Point]:
    left = (1 - now[1] / HIGH) * scale.limit
    end = float(WIDE), scale.y(left_at_end)
    if left_at_end >= 0 or left <= left_at_end:
        return [end]
    crossing = now[0] + (WIDE - now[0]) * max(0.0, left) / (left - left_at_end)
    return [(round(crossing, 1), float(HIGH)), end]


def _polyline(points: Sequence[Point], kind: str) -> str:
    return f'<polyline class="{kind}" points="{_points(points)}"/>' if len(points) > 1 else ""


def _polygon(points: Sequence[Point], kind: str) -> str:
    return f'<polygon class="{kind}" points="{_points(points)}"/>' if points else ""


def _dot(points: Sequence[Point], kind: str) -> str:
    """A line of no length with round ends, which stays round however the picture is stretched."""
    return "".join(f'<path class="{kind}" d="M{x:g} {y:g}h0"/>' for x, y in points)


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
