"""Short ways to make the facts that tests begin with, and a clock that the test holds."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hexmeter.core.credits import MICRO
from hexmeter.core.grants import Grant
from hexmeter.core.instants import DAY_MS, from_datetime
from hexmeter.core.ledger import Basis, Usage
from hexmeter.core.meters import Bound, Meter, Use, grant_meter
from hexmeter.core.model import Look, Person, Thread
from hexmeter.core.periods import Period

NOW_MS = 1_795_348_800_000
"""Sunday 22 November 2026, noon in UTC."""

NOVEMBER = Period(1_793_487_600_000, 1_796_079_600_000)
"""November 2026 in Berlin."""

BERLIN = ZoneInfo("Europe/Berlin")
ED = Person("u-ed", "ed@acme.test", "Ed", "EDITOR")


@dataclass
class FakeClock:
    """A clock that stands until somebody waits on it or the test moves it; it records what was waited."""

    wall_ms: int = NOW_MS
    up_ms: int = 5_000_000
    waits_ms: list[int] = field(default_factory=list)

    def now_ms(self) -> int:
        return self.wall_ms

    def uptime_ms(self) -> int:
        return self.up_ms

    def slept_ms(self) -> int:
        return 0

    async def wait(self, for_ms: int) -> None:
        self.waits_ms.append(for_ms)
        self.advance(for_ms)
        await asyncio.sleep(0)

    def advance(self, by_ms: int) -> None:
        """Let time pass."""
        self.wall_ms += by_ms
        self.up_ms += by_ms


def utc(text: str) -> int:
    """Unix milliseconds of an instant in UTC, such as 2026-11-01 or 2026-11-01T12:30."""
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=UTC))


def credits(amount: float) -> int:
    """Micro-credits; for amounts that a float holds well enough."""
    return round(amount * MICRO)


def look(number: int, sent_ms: int = NOW_MS, *, took_ms: int = 200) -> Look:
    """A look that was sent and answered; a negative `took_ms` is a clock set back meanwhile."""
    return Look(number, sent_ms, sent_ms + took_ms)


def thread(
    credits_micro: int | None,
    *,
    id: str = "t1",
    user_id: str | None = ED.id,
    created_ms: int = NOW_MS - DAY_MS,
    title: str | None = "Count sign-ups",
    sensitive: bool = False,
) -> Thread:
    """A thread as one answer shows it."""
    return Thread(
        id=id,
        user_id=user_id,
        created_ms=created_ms,
        credits_micro=credits_micro,
        model="claude-sonnet-4-5",
        type="THREADS",
        source="HEX",
        title=title,
        sensitive=sensitive,
        url=f"https://app.hex.tech/acme/thread/{id}",
    )


def usage(
    credits_micro: int,
    after_ms: int,
    at_ms: int,
    basis: Basis = Basis.DELTA,
    *,
    prompts: int | None = None,
    seen_ms: int | None = None,
    thread_id: str = "t1",
) -> Usage:
    """One row of the ledger, seen at its end unless told otherwise."""
    return Usage(thread_id, after_ms, at_ms, credits_micro, prompts, basis, at_ms if seen_ms is None else seen_ms)


def meter(
    used: float | None,
    limit: float | None = 40,
    *,
    bound: Bound = Bound.EXACT,
    period: Period = NOVEMBER,
    now_ms: int = NOW_MS,
) -> Meter:
    """Ed's grant meter, with figures in credits."""
    built = grant_meter(
        ED,
        Grant(credits(limit or 1), estimated=bound is Bound.ESTIMATED),
        None if used is None else Use(credits(used)),
        period,
        now_ms,
        adjustment_micro=0,
        sees_all=bound is not Bound.AT_LEAST,
    )
    if limit is not None:
        return built
    return Meter(**{**{name: getattr(built, name) for name in Meter.__slots__}, "limit_micro": None, "note": "no seat"})
