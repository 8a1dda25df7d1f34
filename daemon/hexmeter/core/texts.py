"""The words of every alert, written once: the fact, the consequence, the way out."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hexmeter.core.alerts import Kind, Rung
from hexmeter.core.allocations import ALLOCATION
from hexmeter.core.credits import format_credits
from hexmeter.core.meters import Bound, Meter
from hexmeter.core.outlook import Forecast, NoForecast
from hexmeter.core.outlooktexts import LIKELY, SO_LITTLE, SO_MUCH, before_reset, verb
from hexmeter.core.outlooktexts import day as day_text
from hexmeter.core.outlooktexts import moment as moment_text
from hexmeter.core.periods import local_day
from hexmeter.core.pool import POOL, SPEND

_TITLES_IN_DIGEST = 6
_WORKING_DAYS = 5


@dataclass(frozen=True, slots=True)
class Text:
    """What a notification says."""

    title: str
    body: str
    severity: str


_EXHAUSTED = {
    "grant": (
        "the grant is used up",
        "the grant",
        "Until {reset}, prompts draw on the workspace's add-on credits, if it has any.",
    ),
    POOL: ("used up", "it", "Until an Admin buys more in Hex, prompts beyond a grant may fail."),
    ALLOCATION: (
        "used up",
        "it",
        "Until {reset}, Hex may refuse prompts beyond the grant; an Admin can raise the allocation.",
    ),
    SPEND: (
        "reached",
        "it",
        "Whether Hex now stops prompts or only purchases until {reset} is not published; an Admin can raise the limit.",
    ),
}
"""By the kind of meter: what happened, what its limit is called, and what it means that nothing is left."""


def ladder_text(rung: Rung, meter: Meter, zone: ZoneInfo, now_ms: int, *, own: bool) -> Text:
    """The alert for `rung` of a meter's ladder; `own`: it is the reader's own grant, which needs no name."""
    used, limit, left = meter.used_micro or 0, meter.limit_micro or 0, meter.remaining_micro or 0
    whose = whose_credits(meter, own=own)
    # Cut, not rounded: a figure just below the limit must not read as "100 % used".
    used_percent = used * 100 // limit if limit else 0
    so_much, little = SO_MUCH[meter.bound], _left(left, meter.bound)
    if rung.kind is Kind.EXHAUSTED:
        event, limit_name, consequence = _EXHAUSTED[meter.kind]
        reset = f"the reset on {day_text(meter.period.end_ms, zone)}" if meter.period else "the reset"
        fact = f"{so_much}{format_credits(used)} of {format_credits(limit)} used"
        # Nobody reads "0 beyond".
        beyond = f", {amount} beyond {limit_name}" if (amount := format_credits(used - limit)) != "0" else ""
        body = f"{capital(fact)}{beyond}. {consequence.format(reset=reset)}"
        return Text(f"{whose}: {event}", body, "critical")
    rest = f"{capital(little)} of {format_credits(limit)} left"
    until = f"{until_reset(meter, zone)}." if isinstance(meter.outlook, NoForecast) else "."
    if rung.kind is Kind.FORECAST:
        title = f"{whose}: {_enough(meter)} until the {'reset' if meter.period else 'month ends'}"
        ends = _end_sentence(meter, zone, now_ms, lead=True)
        return Text(title, _joined(rest + until, ends, _prompts_sentence(meter)), "warning")
    title = f"{whose}: {so_much}{used_percent} % used"
    if rung.kind is Kind.LEFT:
        title = f"{whose}: {little} left"
        rest = f"{capital(so_much)}{format_credits(used)} of {format_credits(limit)} used"
    ends = _end_sentence(meter, zone, now_ms, lead=False)
    return Text(title, _joined(rest + until, ends, _prompts_sentence(meter)), "warning")


def _left(left_micro: int, bound: Bound) -> str:
    """So much is left. What is hardly anything must not read as nothing beside the day on which it ends."""
    amount = format_credits(left_micro)
    return "less than 0.01" if left_micro > 0 and amount == "0" else f"{SO_LITTLE[bound]}{amount}"


def whose_credits(meter: Meter, *, own: bool) -> str:
    """How a title begins."""
    return "Hex credits" if own else meter.label


def blind_text(why: str, since_ms: int | None, hint: str, zone: ZoneInfo) -> Text:
    """The alert that nothing can be read from Hex: since when, why, and what to try."""
    since = f"The figures are from {moment_text(since_ms, zone)}." if since_ms else "Nothing has been read yet."
    return Text("Hexmeter cannot read Hex", f"{since} {_sentence(why)} {_sentence(hint)}", "warning")


def restored_text(problem: str, set_aside: str, backup_ms: int | None, zone: ZoneInfo) -> Text:
    """The alert that a backup was put in the place of a damaged database: what is where, and what is gone."""
    since = f"of {moment_text(backup_ms, zone)}" if backup_ms else "that was there"
    return Text(
        "Hexmeter restored its database",
        f"The database was damaged ({problem}), so the backup {since} took its place. Usage since then is read from"
        f" Hex again, with less exact times; calibrations made since then are missing. The damaged file is kept:"
        f" {set_aside}",
        "warning",
    )


def personal_title(title: str, email: str) -> str:
    """The title of an alert of a person's own meter, as that person reads it."""
    for label, own in ((email, "Your Hex credits"), (f"Allocation {email}", "Your Hex allocation")):
        if title.startswith(f"{label}: "):
            return own + title.removeprefix(label)
    return title


def message_of_test(sent_ms: int, zone: ZoneInfo) -> Text:
    """What `hexmeter alerts test` sends."""
    return Text("Hexmeter test", f"Sent {moment_text(sent_ms, zone)}. Warnings come this way.", "info")


def digest_text(texts: Sequence[Text]) -> Text:
    """Several alerts as one message."""
    lines = [text.title for text in texts[:_TITLES_IN_DIGEST]]
    if len(texts) > _TITLES_IN_DIGEST:
        lines.append(f"and {len(texts) - _TITLES_IN_DIGEST} more: hexmeter alerts")
    found = {text.severity for text in texts}
    severity = next(severity for severity in ("critical", "warning", "info") if severity in found)
    noun = "notices" if severity == "info" else "warnings"
    return Text(f"Hex credits: {len(texts)} {noun}", "\n".join(lines), severity)


def in_short(body: str) -> str:
    """A body of many lines where there is room for little: the fact, and where the rest is."""
    lines = body.split("\n")
    return "\n".join((lines[0], lines[-1]))


def until_reset(meter: Meter, zone: ZoneInfo) -> str:
    """The window that a figure is of."""
    return f" until the reset on {day_text(meter.period.end_ms, zone)}" if meter.period else ""


def _enough(meter: Meter) -> str:
    """What a warning says of what is left: late in a period it comes before the end is likely."""
    outlook = meter.outlook
    unsure = isinstance(outlook, Forecast) and (outlook.exhaust_at_ms is None or outlook.probability < LIKELY)
    return "perhaps not enough" if unsure else "not enough"


def _end_sentence(meter: Meter, zone: ZoneInfo, now_ms: int, *, lead: bool) -> str:
    """Whether it lasts, and until when; `lead`: how many working days there are until then."""
    outlook, period = meter.outlook, meter.period
    if isinstance(outlook, NoForecast):
        pace = meter.burn.pace_micro
        drawn = " drawn beyond grants" if meter.kind in (POOL, SPEND, ALLOCATION) else ""
        return "" if pace is None else f"At this pace the month comes to {format_credits(pace)}{drawn}."
    exhaust_at_ms, on_day = outlook.exhaust_at_ms, f" on {day_text(period.end_ms, zone)}" if period else ""
    does = verb(outlook.probability, exhaust_at_ms, meter.bound, many=True)
    if exhaust_at_ms is None:
        until = f"the reset{on_day}" if period else "the month ends"
        return f"At this pace they {'may not last' if outlook.alert else does} until {until}."
    if exhaust_at_ms <= now_ms:
        before = f", {before_reset(now_ms, period.end_ms, zone)}{on_day}" if period else ""
        return f"At this pace they may end any hour{before}."
    sooner = " or sooner" if meter.bound is Bound.AT_LEAST else ""
    within = f", {lead_text(now_ms, exhaust_at_ms, zone)}" if lead else ""
    before = f", {before_reset(exhaust_at_ms, period.end_ms, zone)}{on_day}" if period else ""
    return f"At this pace they {does} {day_text(exhaust_at_ms, zone)}{sooner}{within}{before}."


def lead_text(now_ms: int, then_ms: int, zone: ZoneInfo) -> str:
    """How long until then in working days, Monday to Friday: today not counted, the last day counted."""
    today, last = local_day(now_ms, zone), local_day(then_ms, zone)
    if last <= today:
        return "today"
    days = (last - today).days
    working = sum((today.weekday() + day) % 7 < _WORKING_DAYS for day in range(1, days + 1))
    return f"in {counted(working, 'working day')}" if working else "before the next working day"


def _prompts_sentence(meter: Meter) -> str:
    """How many typical prompts are left, where it is known what one costs."""
    costs = meter.burn.recent or meter.burn.prompts
    if costs is None or not costs.median_micro or meter.remaining_micro is None:
        return ""
    count = meter.remaining_micro // costs.median_micro
    about = "At most about" if meter.bound is Bound.AT_LEAST else "About"
    return f"{about} {counted(count, 'typical prompt')}." if count else "Less than one typical prompt."


def counted(count: int, noun: str) -> str:
    """So many of something: 1 prompt, 2 prompts."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def capital(words: str) -> str:
    """A sentence's beginning."""
    return words[:1].upper() + words[1:]


def _sentence(words: str) -> str:
    text = capital(words)
    return text if not text or text.endswith((".", "…", "?")) else text + "."
