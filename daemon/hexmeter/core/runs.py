"""Projects, their schedules and their runs, and what runs come to: how many, how long, how many failed."""

from collections.abc import Iterable
from dataclasses import dataclass

from hexmeter.core.burn import Burn
from hexmeter.core.credits import MICRO
from hexmeter.core.instants import DAY_MS, MINUTE_MS
from hexmeter.core.meters import Bound, Meter
from hexmeter.core.outlook import NoForecast

RUNS = "runs"
"""The kind, the id and the key of the meter of project runs."""

RUNS_PER_WEEK = 500
"""The weekly budget where the configuration names none."""

WEEK_MS = 7 * DAY_MS
TRIGGERS = ("API", "SCHEDULED", "APP_REFRESH")
FAILED = frozenset({"ERRORED", "UNABLE_TO_ALLOCATE_KERNEL"})
STOPPED = "KILLED"
"""Somebody stopped it, or Hex did: neither done nor failed."""

UNFINISHED = frozenset({"PENDING", "RUNNING"})
_NOT_FORECAST = NoForecast("runs are counted over seven rolling days, and not forecast")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a project runs by itself. `cadence` is Hex's word (HOURLY, DAILY, WEEKLY, MONTHLY, CUSTOM); what it has no
    use for, or what Hex did not say, is None. `weekday`: 0 is Monday."""

    cadence: str
    enabled: bool
    zone: str | None = None
    minute: int | None = None
    hour: int | None = None
    weekday: int | None = None
    day: int | None = None
    cron: str | None = None


@dataclass(frozen=True, slots=True)
class Views:
    """How often a project's app was viewed in the last 7, 14 and 30 days, and ever; None where Hex does not say."""

    seven_days: int | None = None
    fourteen_days: int | None = None
    thirty_days: int | None = None
    all_time: int | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """One project, as Hex listed it last."""

    id: str
    title: str | None
    owner_email: str | None
    created_ms: int | None
    last_viewed_ms: int | None
    views: Views
    schedules: tuple[Schedule, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `status` and `trigger` are Hex's words, which may be ones we do not know. `start_ms` is None for one
    that has not begun, `elapsed_ms` for one that goes on."""

    id: str
    status: str
    trigger: str
    start_ms: int | None
    end_ms: int | None
    elapsed_ms: int | None

    @property
    def took_ms(self) -> int | None:
        """How long it took: as Hex says, else from its beginning to its end; None while that is not known."""
        if self.elapsed_ms is not None or self.start_ms is None or self.end_ms is None:
            return self.elapsed_ms
        return max(0, self.end_ms - self.start_ms)


@dataclass(frozen=True, slots=True)
class RunSums:
    """What some runs come to. `failures` ended in an error or without a kernel; `stopped` were killed."""

    runs: int = 0
    elapsed_ms: int = 0
    failures: int = 0
    stopped: int = 0
    unfinished: int = 0
    api: int = 0
    scheduled: int = 0
    app_refresh: int = 0

    @property
    def minutes(self) -> float:
        """The run time in minutes, to the hundredth."""
        return round(self.elapsed_ms / MINUTE_MS, 2)


def sum_runs(sums: Iterable[RunSums]) -> RunSums:
    """All of them together."""
    listed = list(sums)
    return RunSums(*(sum(getattr(part, name) for part in listed) for name in RunSums.__slots__))


def runs_meter(runs: int | None, limit: int, note: str) -> Meter:
    """The meter of project runs in seven rolling days; its amounts are runs, in the millionths that meters count in.

    `runs` is None before they were read. The API does not show every run, so its figure is always a least one.
    """
    used_micro = None if runs is None else runs * MICRO
    return Meter(
        key=RUNS,
        id=RUNS,
        kind=RUNS,
        label="Project runs in 7 days",
        limit_micro=limit * MICRO,
        used_micro=used_micro,
        bound=Bound.AT_LEAST,
        period=None,
        burn=Burn(per_day_micro=None if used_micro is None else used_micro // 7),
        note=note,
        outlook=_NOT_FORECAST,
    )
