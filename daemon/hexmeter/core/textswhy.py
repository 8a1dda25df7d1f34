"""Why an alert was told, in plain words, from the facts that were stored when it was decided."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core.alerts import Kind, Reason, Rung
from hexmeter.core.credits import MICRO, format_credits
from hexmeter.core.meters import Bound
from hexmeter.core.outlooktexts import SO_MUCH
from hexmeter.core.outlooktexts import moment as moment_text
from hexmeter.core.replay import Reading


def why_line(
    at_ms: int, outcome: str | None, rung: Rung | None, reason: Reason, facts: Mapping[str, Any], zone: ZoneInfo
) -> str:
    """One change of a ladder: when, what was read, what came of it and why."""
    if outcome == "fired" and rung is not None:
        what = f"{rung_text(rung)} was told"
    else:
        what = "it was over" if outcome == "resolved" else "nothing was told"
    return f"{moment_text(at_ms, zone)}: {facts_text(facts, zone)}; {what}, for {reason.value}."


def replay_line(at_ms: int, rung: Rung | None, reason: Reason, reading: Reading, zone: ZoneInfo) -> str:
    """One thing that other rules would have told."""
    # Of what was read before anybody noted its bound it is not known that it is exact.
    bound = reading.bound or Bound.ESTIMATED
    facts = {"limit_micro": reading.limit_micro, "used_micro": reading.used_micro, "bound": bound.value}
    what = f"{rung_text(rung)} is told" if rung else "it is over"
    return f"{moment_text(at_ms, zone)} {reading.meter}: {facts_text(facts, zone)}; {what}, for {reason.value}."


def rung_text(rung: Rung) -> str:
    """A rung by its name: used 80 %, left 10, exhausted."""
    if rung.level is None or rung.kind in (Kind.TOP_UP,):
        return rung.kind.value
    unit = {Kind.USED: " %", Kind.RUNS: " %", Kind.TOKEN: " days" if rung.level > 1 else " day"}.get(rung.kind, "")
    return f"{rung.kind.value} {format_credits(int(rung.level * MICRO))}{unit}"


def facts_text(facts: Mapping[str, Any], zone: ZoneInfo) -> str:
    """What was known, as far as it decided."""
    words = [text for name, tell in _TELL.items() if facts.get(name) is not None and (text := tell(facts, zone))]
    return ", ".join(words) or "no figure was known"


def _used(facts: Mapping[str, Any], zone: ZoneInfo) -> str:
    used, limit = facts["used_micro"], facts.get("limit_micro")
    so_much = SO_MUCH.get(facts.get("bound", "exact"), "")
    if not limit:
        return f"{so_much}{format_credits(used)} used"
    # Cut to a tenth: what is below a level must not read as if it had reached it.
    percent = format_credits(used * 1000 // limit * MICRO // 10)
    return f"{so_much}{format_credits(used)} of {format_credits(limit)} used ({percent} %)"


def _complete(facts: Mapping[str, Any], zone: ZoneInfo) -> str:
    return "" if facts["complete"] else "of a part of the period"


def _forecast(facts: Mapping[str, Any], zone: ZoneInfo) -> str:
    forecast = facts["forecast"]
    if "unknown" in forecast:
        return f"no forecast ({forecast['unknown']})"
    ends = f", ending {moment_text(forecast['exhaust_ms'], zone)}" if forecast["exhaust_ms"] else ""
    return f"{forecast['probability'] * 100:.0f} % likely to run out{ends}"


def _day(facts: Mapping[str, Any], zone: ZoneInfo) -> str:
    today, usual, most = (format_credits(facts[name]) for name in ("today_micro", "usual_micro", "most_micro"))
    return f"{today} used that day; a usual day takes {usual}, the most in 28 days was {most}"


def _prompt(facts: Mapping[str, Any], zone: ZoneInfo) -> str:
    if not facts["cost_micro"]:
        return "no dear prompt"
    usual = f"; nine of ten of {facts['prompts']} stay within {format_credits(facts['p90_micro'])}"
    given = f"; prompt_cost is {format_credits(facts['prompt_cost_micro'])}" if facts.get("prompt_cost_micro") else ""
    cost, sent = format_credits(facts["cost_micro"]), moment_text(facts["spent_ms"], zone)
    return f"a prompt of {sent} cost {cost}{usual if facts.get('p90_micro') else ''}{given}"


def _report(facts: Mapping[str, Any], zone: ZoneInfo) -> str:
    due = moment_text(facts["due_ms"], zone)
    return f"the report of the {facts['every']} from {moment_text(facts['start_ms'], zone)} was due {due}"


_TELL: dict[str, Callable[[Mapping[str, Any], ZoneInfo], str]] = {
    "used_micro": _used,
    "complete": _complete,
    "forecast": _forecast,
    "today_micro": _day,
    "cost_micro": _prompt,
    "due_ms": _report,
    "percent": lambda facts, zone: f"unused is set to {facts['percent']} %",
    "top_ups": lambda facts, zone: f"{facts['top_ups']} top-ups, and {facts['several']} are several",
    "expires_ms": lambda facts, zone: f"the token expires {moment_text(facts['expires_ms'], zone)}",
    "well_ms": lambda facts, zone: f"the last good poll, or the start, was {moment_text(facts['well_ms'], zone)}",
    "token_refused": lambda facts, zone: "Hex refused the token" if facts["token_refused"] else "",
}
