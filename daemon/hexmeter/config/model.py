"""The configuration as the program uses it: frozen, typed, complete."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hexmeter.config.channels import DESKTOP, ChannelPlan
from hexmeter.config.token import TokenKeys
from hexmeter.core.alerts import Kind
from hexmeter.core.allocations import Allocation
from hexmeter.core.grants import Plan
from hexmeter.core.pool import PoolPlan
from hexmeter.core.quiet import QuietHours
from hexmeter.core.reportplan import ReportPlan
from hexmeter.core.rules import AlertRules

Watch = Literal["me", "everyone"] | tuple[str, ...]
"""Whose credits are watched: one's own, everybody's, or those of people named by email (in lower case)."""

DASHBOARD_HOST = "127.0.0.1"
"""Where the dashboard listens: nothing but its port is up to the configuration."""


@dataclass(frozen=True, slots=True)
class PollSettings:
    """How often and how much is asked of Hex."""

    interval_ms: int
    requests_per_minute: int
    requests_per_hour: int
    window_ms: int
    history_ms: int


@dataclass(frozen=True, slots=True)
class Config:
    """A checked configuration. `path` is the file it came from, whether or not that exists.

    `watch` is None where the token decides: one's own credits with a personal token, everybody's with a workspace
    token. `runs_per_week` is None where the configuration names no budget; `seat_price_micro` is a seat's price a month
    in millionths of `currency`, None where none is named. `dashboard_port` is None where any free one will do.
    `notes` are sentences for the log, such as on a file that others may read.
    `given` has what the file says, as TOML has it, by place (`plan.tier`): for showing and comparing.
    """

    path: Path
    base_url: str
    token: TokenKeys
    plan: Plan
    reset_day: int
    zone: ZoneInfo
    watch: Watch | None
    poll: PollSettings
    pool: PoolPlan
    allocations: tuple[Allocation, ...]
    rules: AlertRules
    quiet: QuietHours | None
    quiet_critical: bool
    notify_desktop: bool
    channels: ChannelPlan
    socket: str | None
    api_group: str | None
    database: Path
    keep_days: int | None
    backups: int
    report: ReportPlan
    runs_per_week: int | None = None
    seat_price_micro: int | None = None
    currency: str = "USD"
    metrics_listen: tuple[str, int] | None = None
    metrics_per_user: bool = False
    dashboard_enabled: bool = False
    dashboard_port: int | None = None
    notes: tuple[str, ...] = field(default=())
    given: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def reportable(self) -> tuple[str, ...]:
        """The channels that may be told of everybody, by their names."""
        return ((DESKTOP,) if self.notify_desktop else ()) + tuple(one.name for one in self.channels.common)

    def told_of(self, kind: str, meter_id: str | None) -> tuple[str, ...]:
        """The channels that an alert goes to: of a meter (by its id for people), or None for what is no meter's. A
        report goes where `[report] to` says."""
        if kind == Kind.REPORT:
            return self.report.to
        return ((DESKTOP,) if self.notify_desktop else ()) + self.channels.told_of(meter_id)
