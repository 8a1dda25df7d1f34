"""One meter's forecast as a picture for a terminal: the weeks behind, and what the reset will find."""

from dataclasses import dataclass
from textwrap import wrap
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core import outlookwords
from hexmeter.wire.render import credits, day, used_words

_MOST_COLUMNS, _FEWEST_COLUMNS = 100, 30


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What the picture is drawn with: what was used, what is sure to come, what may come, nothing; a limit; steps of an
    eighth of a cell; a dot between clauses."""

    used: str
    sure: str
    range: str
    none: str
    limit: str
    eighths: str
    dot: str

    @property
    def all(self) -> str:
        """Everything that must be printable."""
        return "".join((self.used, self.sure, self.range, self.none, self.limit, self.eighths, self.dot))


BLOCKS = Glyphs("█", "▓", "░", "·", "│", "▏▎▍▌▋▊▉", "·")
ASCII = Glyphs("#", "=", "-", ".", "|", "", "-")


def picture(
    meter: dict[str, Any], zone: ZoneInfo | None, now_ms: int, terminal_columns: int, glyphs: Glyphs
) -> list[str]:
    """The lines for a meter with its weeks, none wider than the terminal where that has 30 columns or more."""
    columns = max(_FEWEST_COLUMNS, min(_MOST_COLUMNS, terminal_columns))
    lines = [*_wrapped(_facts(meter, now_ms, zone, glyphs), columns, glyphs), ""]
    weeks = meter["weeks"]
    if any(week["credits"] for week in weeks):
        # They reach back to before the first look, of which nobody knows when it was spent.
        mark = "at least" if meter["bound"] == "at_least" else "about"
        lines += [f"Credits a week, {mark}", *_bars(weeks, zone, columns, glyphs), ""]
    lines += _ahead(meter, zone, columns, glyphs)
    record = outlookwords.record(meter)
    return [*lines, f"Before now {record}."] if record else lines


def _facts(meter: dict[str, Any], now_ms: int, zone: ZoneInfo | None, glyphs: Glyphs) -> list[str]:
    figures = f"{used_words(meter)} of {credits(meter['limit'])} used" if meter["used"] is not None else "use unknown"
    clause = "used up" if meter["state"] == "exhausted" else outlookwords.clause(meter, now_ms, zone)
    return [fact for fact in (meter["label"], figures, clause, outlookwords.prompts_left(meter)) if fact]


def _bars(weeks: list[dict[str, Any]], zone: ZoneInfo | None, columns: int, glyphs: Glyphs) -> list[str]:
    """A bar a week; the last one is of a week that is not over."""
    most = max(week["credits"] for week in weeks)
    names = [day(week["start"], zone) for week in weeks]
    amounts = [credits(week["credits"]) for week in weeks]
    amounts[-1] += " so far"
    wide, room = max(map(len, names)), max(map(len, amounts))
    cells = max(1, columns - wide - room - 4)
    return [
        f"  {name.rjust(wide)} {_bar(week['credits'] / most * cells, glyphs)} {amount}"
        for name, week, amount in zip(names, weeks, amounts, strict=True)
    ]


def _bar(cells: float, glyphs: Glyphs) -> str:
    """A bar of so many cells; what is more than nothing shows."""
    steps = len(glyphs.eighths) + 1
    parts = round(cells * steps)
    if cells > 0:
        parts = max(1, parts)
    whole, rest = divmod(parts, steps)
    return glyphs.used * whole + (glyphs.eighths[rest - 1] if rest else "")


def _ahead(meter: dict[str, Any], zone: ZoneInfo | None, columns: int, glyphs: Glyphs) -> list[str]:
    """What the reset, or the end of the month, will find, on a scale that holds the limit and the range."""
    forecast, limit = meter["forecast"], meter["limit"]
    until = f"{'the reset' if meter['period'] else 'the end of the month'} on {day(meter['forecast_until'], zone)}"
    if "unknown" in forecast:
        return wrap(f"By {until}: not known; {forecast['unknown']}", columns)
    low, high = credits(forecast["low"]), credits(forecast["high"])
    said = [
        f"By {until}: about {credits(forecast['expected_total'])}",
        f"in 8 of 10 such cases {low} to {high}",
    ]
    if meter["state"] != "exhausted":
        said.append(f"{100 * forecast['probability']:.0f} % likely to reach {credits(limit)}")
    lines = _wrapped(said, columns, glyphs, separator=", ")
    scale = max(limit, forecast["high"]) or 1.0
    cells = columns - 2
    used, sure, possible = (round(min(1.0, part / scale) * cells) for part in _parts(meter))
    bar = glyphs.used * used + glyphs.sure * (sure - used) + glyphs.range * (possible - sure)
    bar += glyphs.none * (cells - possible)
    mark = min(cells - 1, round(limit / scale * cells))
    bar = bar[:mark] + glyphs.limit + bar[mark + 1 :]
    legend = [f"{glyphs.used} used", f"{glyphs.sure} at least", f"{glyphs.range} at most", f"{glyphs.limit} limit"]
    return [*lines, f"  {bar}", *(f"  {line}" for line in _wrapped(legend, cells, glyphs, separator="  "))]


def _parts(meter: dict[str, Any]) -> tuple[float, float, float]:
    """Used, low and high, in this order also where a calibration or a refund turned it round."""
    used = meter["used"]
    low = max(used, meter["forecast"]["low"])
    return used, low, max(low, meter["forecast"]["high"])


def _wrapped(clauses: list[str], columns: int, glyphs: Glyphs, separator: str | None = None) -> list[str]:
    """Clauses on as few lines as hold them; one that is wider than a line is broken between words."""
    between = f" {glyphs.dot} " if separator is None else separator
    lines = [clauses[0]]
    for clause in clauses[1:]:
        if len(lines[-1]) + len(between) + len(clause) <= columns:
            lines[-1] += between + clause
        else:
            lines[-1] += separator.rstrip() if separator else ""
            lines.append(clause)
    return [part for line in lines for part in wrap(line, columns)]
