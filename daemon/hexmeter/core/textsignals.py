"""The words of what is told besides a meter's own ladder: the fact, the consequence, the way out."""

from zoneinfo import ZoneInfo

from hexmeter.core.burn import PromptCosts
from hexmeter.core.credits import format_credits
from hexmeter.core.instants import DAY_MS
from hexmeter.core.meters import Meter
from hexmeter.core.outlooktexts import SO_LITTLE, SO_MUCH
from hexmeter.core.outlooktexts import day as day_text
from hexmeter.core.outlooktexts import moment as moment_text
from hexmeter.core.signals import LEAST_PROMPTS, Prompt
from hexmeter.core.texts import Text, capital, counted, until_reset, whose_credits


def burn_text(meter: Meter, today_micro: int, usual_micro: int, zone: ZoneInfo, *, own: bool) -> Text:
    """A day far above the usual."""
    return Text(
        f"{whose_credits(meter, own=own)}: {format_credits(today_micro)} used today, far above the usual",
        f"A usual day takes {format_credits(usual_micro)}. {_left(meter, zone)}"
        " hexmeter usage --by prompt --since 1d shows what it was.",
        "info",
    )


def prompt_text(meter: Meter, prompt: Prompt, recent: PromptCosts | None, zone: ZoneInfo, *, own: bool) -> Text:
    """One dear prompt; `recent` is what the person's prompts cost lately."""
    usual = ""
    if recent is not None and recent.prompts > LEAST_PROMPTS:
        median, most = format_credits(recent.median_micro), format_credits(recent.p90_micro)
        usual = f" A typical one costs {median}, and nine of ten stay within {most}."
    return Text(
        f"{whose_credits(meter, own=own)}: one prompt cost {format_credits(prompt.cost_micro)}",
        f"It was sent by {moment_text(prompt.spent_ms, zone)}.{usual} {_left(meter, zone)}",
        "info",
    )


def reset_text(meter: Meter, zone: ZoneInfo, *, own: bool) -> Text:
    """The grant is back, by the configured reset day."""
    limit = format_credits(meter.limit_micro or 0)
    return Text(
        f"{whose_credits(meter, own=own)}: the grant is back",
        f"{limit} for the new month{until_reset(meter, zone)}, by the configured reset day.",
        "info",
    )


def unused_text(meter: Meter, zone: ZoneInfo, *, own: bool) -> Text:
    """Credits about to lapse."""
    left = format_credits(meter.remaining_micro or 0)
    lapse = f"the reset on {day_text(meter.period.end_ms, zone)}" if meter.period else "the reset"
    return Text(
        f"{whose_credits(meter, own=own)}: {SO_LITTLE[meter.bound]}{left} will lapse",
        f"{capital(SO_LITTLE[meter.bound])}{left} of {format_credits(meter.limit_micro or 0)} are unused, and {lapse}"
        " does not carry them over.",
        "info",
    )


def top_up_text(meter: Meter, count: int, amount_micro: int) -> Text:
    """Several top-ups in a month, as they are assumed by the configuration."""
    return Text(
        f"{meter.label}: topped up {count} times this month",
        f"By [pool] top_up, about {format_credits(count * amount_micro)} credits were bought this month."
        " An Admin sees in Hex what was charged.",
        "info",
    )


def runs_text(meter: Meter) -> Text:
    """The week's project runs near their budget."""
    used, limit = meter.used_micro or 0, meter.limit_micro or 0
    so_much = SO_MUCH[meter.bound]
    return Text(
        f"{meter.label}: {so_much}{used * 100 // limit if limit else 0} % of the week's budget",
        f"{capital(so_much)}{format_credits(used)} of {format_credits(limit)} runs in the last seven days."
        " hexmeter audit shows which projects run idly.",
        "warning",
    )


def token_text(expires_ms: int, days: int, now_ms: int, zone: ZoneInfo) -> Text:
    """The token is about to expire."""
    over = now_ms >= expires_ms
    left = "has expired" if over else f"expires within {counted(days, 'day')}"
    hours = "" if over or expires_ms - now_ms > DAY_MS else " From then on nothing can be read."
    valid = f"It {'was' if over else 'is'} valid until {moment_text(expires_ms, zone)}."
    return Text(
        f"Hexmeter's token {left}",
        f"{valid}{hours} Make a new one in Hex and put it in its place: a running daemon takes it up by itself.",
        "critical" if days == 1 else "warning",
    )


def _left(meter: Meter, zone: ZoneInfo) -> str:
    left, limit = meter.remaining_micro, meter.limit_micro
    if left is None or limit is None:
        return ""
    words = f"{SO_LITTLE[meter.bound]}{format_credits(left)} of {format_credits(limit)} left{until_reset(meter, zone)}."
    return capital(words)
