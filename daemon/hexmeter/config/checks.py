"""What a configuration's values may be: each check turns a TOML value into ours, or says what is allowed."""

import re
import shlex
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from hexmeter.config.channels import is_loopback
from hexmeter.config.faults import NotAllowed
from hexmeter.core.credits import CreditsError, parse_credits
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from hexmeter.core.pool import TopUp
from hexmeter.core.quiet import QuietHours

_TOKENS = ("hxtp_", "hxtw_")
_UNITS_MS = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}


def whole(least: int, most: int) -> Callable[[Any], int]:
    """A check for whole numbers from `least` to `most`."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise NotAllowed(f"a whole number from {least} to {most}")
        return value

    return check


def duration(least: str) -> Callable[[Any], int]:
    """A check for durations such as "30s", "5m", "2h" or "62d", not shorter than `least`; gives milliseconds."""

    def check(value: Any) -> int:
        milliseconds = _milliseconds(value)
        if milliseconds is None or milliseconds < (_milliseconds(least) or 0):
            raise NotAllowed(f'a duration such as "30s", "5m", "2h" or "62d", at least "{least}"')
        return milliseconds

    return check


def choice(*allowed: str) -> Callable[[Any], str]:
    """A check for one of a few words."""

    def check(value: Any) -> str:
        if value not in allowed:
            raise NotAllowed("one of " + ", ".join(f'"{word}"' for word in allowed))
        return str(value)

    return check


def text(value: Any) -> str:
    """A check for a text that is not empty."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise NotAllowed("a text in quotes")
    return value


def token_path(value: Any) -> str:
    """A check for the path of a file with a token; the token itself, put here by mistake, would end up in the log."""
    if not isinstance(value, str) or not value.strip() or "\0" in value or value.lstrip().startswith(_TOKENS):
        raise NotAllowed("the path of a file that holds the token, in quotes, not the token itself")
    return value


def token_command(value: Any) -> tuple[str, ...]:
    """A check for a command that prints the token: a list of words, or a text that is split as a shell would."""
    words = value
    if isinstance(value, str):
        try:
            words = shlex.split(value)
        except ValueError:
            words = None
    if (
        not isinstance(words, list)
        or not words
        or not words[0]
        or not all(isinstance(word, str) and "\0" not in word and not word.startswith(_TOKENS) for word in words)
    ):
        raise NotAllowed('a command that prints the token, such as "pass show hex" or ["pass", "show", "hex"]')
    return tuple(words)


def keyring_entry(value: Any) -> str | None:
    """A check for the keyring: true for the entry "token", the name of another entry, or false."""
    if isinstance(value, bool):
        return "token" if value else None
    if not isinstance(value, str) or not value.strip() or "\0" in value or value.lstrip().startswith(_TOKENS):
        raise NotAllowed("true, false, or the name of the keyring's entry for hexmeter, not the token itself")
    return value


def flag(value: Any) -> bool:
    """A check for true or false."""
    if not isinstance(value, bool):
        raise NotAllowed("true or false")
    return value


def credit_amount(value: Any) -> int:
    """A check for a positive number of credits; gives micro-credits."""
    try:
        micro = parse_credits(value) if not isinstance(value, str) else 0
    except CreditsError:
        micro = 0
    if micro <= 0:
        raise NotAllowed("a number of credits above 0")
    return micro


def price(value: Any) -> int:
    """A check for a positive amount of money; gives its millionths, as exact as credits."""
    try:
        return credit_amount(value)
    except NotAllowed:
        raise NotAllowed("an amount of money above 0") from None


def loopback_port(value: Any) -> tuple[str, int]:
    """A check for an address of this machine and a port, such as "127.0.0.1:9469"."""
    allowed = 'an address of this machine and a port, such as "127.0.0.1:9469"'
    try:
        url = urlsplit(f"//{value}" if isinstance(value, str) else "")
        host, port = url.hostname or "", url.port or 0
    except ValueError:
        raise NotAllowed(allowed) from None
    if not port or not is_loopback(host) or url.path or url.query or url.fragment or "@" in str(value):
        raise NotAllowed(allowed)
    return host, port


def currency(value: Any) -> str:
    """A check for the name of a currency."""
    if not isinstance(value, str) or not 1 <= len(value) <= 8 or not value.isprintable() or " " in value:
        raise NotAllowed('a currency such as "USD" or "€"')
    return value


def credits_by_email(value: Any) -> Mapping[str, int]:
    """A check for a table of email = credits; emails are lower-cased."""
    if not isinstance(value, dict) or not all("@" in email for email in value):
        raise NotAllowed('a table of "email" = credits')
    if len({email.lower() for email in value}) < len(value):
        raise NotAllowed("each email once: capitals make no other")
    return {email.lower(): credit_amount(amount) for email, amount in value.items()}


def percents(value: Any) -> tuple[Decimal, ...]:
    """A check for a list of levels in per cent, above 0 and up to 100; gives them sorted, each once."""
    levels = [_percent(level) for level in value] if isinstance(value, list) else [None]
    if None in levels:
        raise NotAllowed("a list of per cents above 0 and up to 100, such as [50, 80]")
    return tuple(sorted({level for level in levels if level is not None}))


def zone(value: Any) -> ZoneInfo:
    """A check for a time zone of the IANA database."""
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (ValueError, OSError, KeyError):  # what zoneinfo raises differs with what is wrong with the name
        raise NotAllowed('a time zone of the IANA database, such as "Europe/Berlin"') from None


def watched(value: Any) -> str | tuple[str, ...]:
    """A check for whose credits are watched."""
    if value in ("me", "everyone"):
        return str(value)
    if isinstance(value, list) and value and all(isinstance(email, str) and "@" in email for email in value):
        return tuple(dict.fromkeys(email.lower() for email in value))
    raise NotAllowed('"me", "everyone", or a list of emails')


def hex_url(value: Any) -> str:
    """A check for the base URL of Hex's API: https, or plain http to this machine only, for the token travels on it."""
    allowed = 'an https URL such as "https://app.hex.tech/api/v1" (plain http only to this machine)'
    try:
        url = urlsplit(value if isinstance(value, str) else "")
        host, _ = url.hostname or "", url.port
    except ValueError:
        raise NotAllowed(allowed) from None
    plain = url.scheme == "http" and is_loopback(host)
    bare = (
        not set("?#@") & set(str(value)) and str(value).isascii() and str(value).isprintable() and " " not in str(value)
    )
    if not host or not (url.scheme == "https" or plain) or not bare:
        raise NotAllowed(allowed)
    return str(value).rstrip("/")


def credit_amounts(value: Any) -> tuple[int, ...]:
    """A check for a list of amounts of credits; gives micro-credits, sorted, each once."""
    if not isinstance(value, list):
        raise NotAllowed("a list of credits above 0, such as [10, 2.5]")
    return tuple(sorted({credit_amount(amount) for amount in value}))


def moment(value: Any) -> date | datetime:
    """A check for a day or an instant, as TOML writes it or as a text of the same form."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > len("2026-11-01") else date.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, date) or not 2000 <= value.year <= 2200:
        raise NotAllowed("a day such as 2026-11-01, or an instant such as 2026-11-01T09:30:00+01:00")
    return value


def top_up(value: Any) -> TopUp:
    """A check for the table of an automatic top-up."""
    if not isinstance(value, dict) or set(value) != {"below", "amount"}:
        raise NotAllowed("a table of both below and amount, in credits")
    return TopUp(credit_amount(value["below"]), credit_amount(value["amount"]))


def quiet_hours(value: Any) -> QuietHours:
    """A check for quiet hours, such as "22:00-07:30"."""
    try:
        start, end = (_clock(clock) for clock in value.split("-"))
    except (AttributeError, ValueError):
        start = end = time.min
    if start == end:
        raise NotAllowed('two times of day such as "22:00-07:30"; the second one may be on the next day')
    return QuietHours(start, end)


def clock_time(value: Any) -> time:
    """A check for a time of day, such as "09:00"."""
    try:
        return _clock(value)
    except (TypeError, ValueError, AttributeError):
        raise NotAllowed('a time of day such as "09:00"') from None


def names(value: Any) -> tuple[str, ...]:
    """A check for a list of names."""
    if not isinstance(value, list) or not all(isinstance(name, str) and name.strip() for name in value):
        raise NotAllowed('a list of names such as ["desktop", "slack"]')
    return tuple(dict.fromkeys(name.strip() for name in value))


def switch(check: Callable[[Any], Any], on: Any, allowed: str) -> Callable[[Any], Any]:
    """A check for `allowed`: what `check` takes, or true, which is short for `on`, or false, which gives None."""

    def checked(value: Any) -> Any:
        if value is False:
            return None
        try:
            return check(on if value is True else value)
        except NotAllowed:
            raise NotAllowed(allowed) from None

    return checked


def percent(value: Any) -> Decimal:
    """A check for one level in per cent, above 0 and up to 100."""
    level = _percent(value)
    if level is None:
        raise NotAllowed("a per cent above 0 and up to 100")
    return level


def _milliseconds(value: Any) -> int | None:
    if not isinstance(value, str) or value[-1:] not in _UNITS_MS or not value[:-1].isdecimal() or len(value) > 20:
        return None
    milliseconds = int(value[:-1]) * _UNITS_MS[value[-1]]
    return milliseconds if milliseconds <= 10_000 * DAY_MS else None


def _clock(text: str) -> time:
    if not re.fullmatch(r"\d{2}:\d{2}", text.strip(), re.ASCII):
        raise ValueError(text)
    return time.fromisoformat(text.strip())


def _percent(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    # Not a number compares with nothing.
    level = Decimal(value)
    return level if level.is_finite() and 0 < level <= 100 else None
