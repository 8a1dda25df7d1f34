"""How good forecasts were: each period's, once it is over, and all of them together."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hexmeter.core.instants import DAY_MS
from hexmeter.core.periods import Period

CHECKS = (0.25, 0.5, 0.75)
"""The shares of a period at which its forecasts are held against its end: more of them would be the same one again."""

PERIODS_WANTED = 3
"""Nothing is said of a meter's forecasts before so many of its periods were scored."""

_OLDEST_MS = 2 * DAY_MS
"""A forecast this much older than its check was not what anybody was shown then: the daemon did not run."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One forecast as it was shown. Amounts in micro-credits, as the period counts them."""

    at_ms: int
    limit_micro: int
    used_micro: int
    expected_micro: int
    low_micro: int
    high_micro: int
    probability: float
    exhaust_at_ms: int | None
    alert: bool


class Call(StrEnum):
    """What became of a period, and what was said of it."""

    WARNED = "warned, and it ended"
    MISSED = "ended without a warning"
    FALSE_ALARM = "warned, and it lasted"
    LASTED = "lasted, as said"


@dataclass(frozen=True, slots=True)
class Score:
    """How the forecasts of one meter did in one period.

    `checks` is at how many of CHECKS there was one after which the use still changed, for which alone the range is
    meant, `held` in how many of these the total came to lie within it; `error_micro` is the mean distance of the
    expected total from the total at any of CHECKS (None where none was shown at any of them). `warned_ms` is when they
    first warned while something was left, `exhausted_ms` when nothing was left for the first time (None: at a time
    that nobody saw, or never; `exhausted` tells).
    """

    meter_key: str
    period: Period
    limit_micro: int
    total_micro: int
    checks: int
    held: int
    error_micro: int | None
    exhausted: bool
    warned_ms: int | None
    exhausted_ms: int | None

    @property
    def call(self) -> Call:
        """Whether the warning, or the silence, was right."""
        if self.exhausted:
            return Call.MISSED if self.warned_ms is None else Call.WARNED
        return Call.LASTED if self.warned_ms is None else Call.FALSE_ALARM

    @property
    def lead_ms(self) -> int | None:
        """How long before the end of the credits it was said; None where it was not, or the end was not seen."""
        if self.warned_ms is None or self.exhausted_ms is None:
            return None
        return max(0, self.exhausted_ms - self.warned_ms)


@dataclass(frozen=True, slots=True)
class Record:
    """How often a meter's ranges held, over all its scored periods."""

    periods: int
    checks: int
    held: int

    @property
    def tells(self) -> bool:
        """Whether they are enough to say something of."""
        return self.periods >= PERIODS_WANTED


@dataclass(frozen=True, slots=True)
class Summary:
    """All scores together. `error_share`: the mean error as a share of the total; `lead_ms`: the median."""

    record: Record
    error_share: float | None
    calls: dict[Call, int]
    lead_ms: int | None


def score(meter_key: str, shown: Sequence[Shown], period: Period, total_micro: int) -> Score | None:
    """The score of the forecasts that were `shown` in `period`, in the order of time, which came to `total_micro`;
    None where none was shown."""
    if not shown:
        return None
    looked_at = [found for share in CHECKS if (found := _at(shown, period, share)) is not None]
    checked = [one for one in looked_at if one.used_micro != total_micro]
    ended = next((one.at_ms for one in shown if one.used_micro >= one.limit_micro), None)
    limit_micro = shown[-1].limit_micro
    return Score(
        meter_key=meter_key,
        period=period,
        limit_micro=limit_micro,
        total_micro=total_micro,
        checks=len(checked),
        held=sum(one.low_micro <= total_micro <= one.high_micro for one in checked),
        error_micro=(
            sum(abs(one.expected_micro - total_micro) for one in looked_at) // len(looked_at) if looked_at else None
        ),
        # A limit that was raised since was not reached, though the one before may have been.
        exhausted=total_micro >= limit_micro,
        warned_ms=next((one.at_ms for one in shown if one.alert and one.used_micro < one.limit_micro), None),
        exhausted_ms=ended if total_micro >= limit_micro else None,
    )


def summary(scores: Sequence[Score]) -> Summary:
    """All `scores` together."""
    shares = [one.error_micro / one.total_micro for one in scores if one.error_micro is not None and one.total_micro]
    leads = sorted(one.lead_ms for one in scores if one.lead_ms is not None)
    return Summary(
        record=_record([one for one in scores if one.checks]),
        error_share=sum(shares) / len(shares) if shares else None,
        calls={call: sum(one.call is call for one in scores) for call in Call},
        lead_ms=leads[len(leads) // 2] if leads else None,
    )


def _record(scores: Sequence[Score]) -> Record:
    return Record(len(scores), sum(one.checks for one in scores), sum(one.held for one in scores))


def _at(shown: Sequence[Shown], period: Period, share: float) -> Shown | None:
    """The forecast that stood after this share of the period; None where none did."""
    at_ms = period.start_ms + round((period.end_ms - period.start_ms) * share)
    last = next((one for one in reversed(shown) if one.at_ms <= at_ms), None)
    return None if last is None or at_ms - last.at_ms > _OLDEST_MS else last
