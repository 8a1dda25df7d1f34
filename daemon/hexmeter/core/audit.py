"""The audit: what costs money, credits or runs and serves nobody, and who needs more. Facts in, findings out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hexmeter.core.credits import format_credits
from hexmeter.core.instants import DAY_MS, to_iso
from hexmeter.core.meters import Bound, least_sure
from hexmeter.core.model import SEATED_AS_EDITOR
from hexmeter.core.outlooktexts import SO_LITTLE, SO_MUCH
from hexmeter.core.outlooktexts import day as day_text
from hexmeter.core.outlooktexts import moment as moment_text
from hexmeter.core.periods import Period, first_instant, local_day
from hexmeter.core.runs import FAILED, UNFINISHED, Project, Run, RunSums
from hexmeter.core.schedules import Crowd
from hexmeter.core.texts import capital

PAID_ROLES = SEATED_AS_EDITOR | {"EXPLORER"}
"""Roles that sit on a paid seat."""

UNVIEWED_MS = 30 * DAY_MS
RUNS_PER_VIEW, LEAST_RUNS = 10, 30
"""A schedule runs far more often than it is viewed from so many runs a view on, and so many runs in 30 days."""

LEAST_CROWD, LEAST_FAILURES = 5, 3
FAILURES_LOOKED_AT = 50
_NAMES_SHOWN = 5


class Kind(StrEnum):
    """What a finding is about, in the order in which they are told."""

    IDLE_SEAT = "idle_seat"
    UNUSED_GRANT = "unused_grant"
    MORE_NEEDED = "more_needed"
    FAILING_RUNS = "failing_runs"
    IDLE_SCHEDULE = "idle_schedule"
    BUSY_SCHEDULE = "busy_schedule"
    CROWDED_MINUTE = "crowded_minute"


@dataclass(frozen=True, slots=True)
class Saving:
    """What acting on a finding saves; None where that cannot be known. Money in millionths of its unit, a month."""

    money_micro: int | None = None
    runs_a_week: int | None = None
    elapsed_ms_a_week: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact worth acting on: about whom or what, what to do in Hex, and its raw figures (credits in micro), no surer
    than `bound`."""

    kind: Kind
    subject: str
    fact: str
    advice: str
    saving: Saving = Saving()
    figures: Mapping[str, int | str | None] = field(default_factory=dict)
    bound: Bound = Bound.EXACT


@dataclass(frozen=True, slots=True)
class Use:
    """What one person used of a grant in one period, in micro-credits, and how sure that is; the grant is 0 for who has
    none."""

    used_micro: int
    grant_micro: int
    bound: Bound = Bound.EXACT


@dataclass(frozen=True, slots=True)
class Seat:
    """What is known of one person who is there.

    `used_micro` is of the days looked at. `first_seen_ms` is None for who was there at the first look.
    `last` and `current` are the periods before this one and this one; None where not known.
    """

    name: str
    role: str | None
    last_login_ms: int | None
    first_seen_ms: int | None
    used_micro: int | None
    last: Use | None = None
    current: Use | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """A listed project: its scheduled runs in the last 7 and 30 days, and its newest runs, newest first."""

    project: Project
    scheduled_week: RunSums = field(default_factory=RunSums)
    scheduled_month: RunSums = field(default_factory=RunSums)
    newest: tuple[Run, ...] = ()

    @property
    def name(self) -> str:
        """What people call it."""
        return self.project.title or self.project.id


@dataclass(frozen=True, slots=True)
class View:
    """Whose eyes the findings are for: the time, its zone, the days looked at and a seat's price (None: not known)."""

    now_ms: int
    zone: ZoneInfo
    days: int
    seat_price_micro: int | None = None

    @property
    def since_ms(self) -> int:
        """The first instant of the days looked at: so many whole local days, and today."""
        return first_instant(local_day(self.now_ms, self.zone) - timedelta(days=self.days), self.zone)


def idle_seats(seats: Iterable[Seat], view: View) -> list[Finding]:
    """Paid seats whose people neither used a credit nor logged in since the days looked at began."""
    found = []
    for seat in seats:
        newcomer = seat.first_seen_ms is not None and seat.first_seen_ms >= view.since_ms
        logged_in = seat.last_login_ms is not None and seat.last_login_ms >= view.since_ms
        if seat.role not in PAID_ROLES or seat.used_micro != 0 or newcomer or logged_in:
            continue
        login_ms = seat.last_login_ms
        login = "never" if login_ms is None else _day(login_ms, view)
        found.append(
            Finding(
                Kind.IDLE_SEAT,
                seat.name,
                f"{_role(seat)} seat: no credit used in {view.days} days, last login: {login}.",
                "Ask whether the seat is still needed; an Admin can give it to somebody else, or end it.",
                Saving(money_micro=view.seat_price_micro),
                {"role": seat.role, "last_login_at": None if login_ms is None else to_iso(login_ms)},
            )
        )
    return found


def unused_grants(seats: Iterable[Seat], last: Period, view: View) -> list[Finding]:
    """Grants of which half or more lapsed at the last reset; a seat that used nothing at all too."""
    found = []
    for seat in seats:
        use = seat.last
        if use is None or use.grant_micro <= 0 or use.used_micro * 2 > use.grant_micro:
            continue
        if seat.first_seen_ms is not None and seat.first_seen_ms >= last.start_ms:
            continue
        left_micro = use.grant_micro - use.used_micro
        found.append(
            Finding(
                Kind.UNUSED_GRANT,
                seat.name,
                f"{capital(SO_LITTLE[use.bound])}{format_credits(left_micro)} of {format_credits(use.grant_micro)}"
                f" credits lapsed unused at the reset on {day_text(last.end_ms, view.zone)}.",
                "Unused credits do not roll over: ask what keeps them from being used, or whether a smaller seat does.",
                figures={"lapsed_micro": left_micro, "used_micro": use.used_micro, "grant_micro": use.grant_micro},
                bound=use.bound,
            )
        )
    return sorted(found, key=lambda finding: -int(finding.figures["lapsed_micro"] or 0))


def more_needed(seats: Iterable[Seat]) -> list[Finding]:
    """People who used more than their grant, in this period or the last."""
    found = []
    for seat in seats:
        beyond = {name: _beyond(use) for name, use in (("last", seat.last), ("current", seat.current))}
        if not any(beyond.values()):
            continue
        told = [
            (use, _used(use, when))
            for use, when in ((seat.current, "so far in this period"), (seat.last, "in the last period"))
            if use is not None and _beyond(use)
        ]
        found.append(
            Finding(
                Kind.MORE_NEEDED,
                seat.name,
                capital("; ".join(fact for _, fact in told)) + ".",
                _advice_for(seat),
                figures={f"{name}_beyond_micro": micro for name, micro in beyond.items()},
                bound=least_sure(use.bound for use, _ in told),
            )
        )
    return sorted(found, key=lambda finding: -sum(int(micro or 0) for micro in finding.figures.values()))


def failing_runs(activities: Iterable[Activity], view: View) -> list[Finding]:
    """Projects whose newest finished runs failed, several in a row."""
    found = []
    for activity in activities:
        failures = _failures_in_a_row(activity.newest)
        if len(failures) < LEAST_FAILURES:
            continue
        least = "At least the last" if len(failures) >= FAILURES_LOOKED_AT else "The last"
        began_ms = failures[-1].start_ms
        since = f", since {moment_text(began_ms, view.zone)}" if began_ms is not None else ""
        week = [run for run in failures if run.start_ms is not None and run.start_ms > view.now_ms - 7 * DAY_MS]
        found.append(
            Finding(
                Kind.FAILING_RUNS,
                activity.name,
                f"{least} {len(failures)} runs failed{since}.",
                "Open the project's runs in Hex and mend it, or pause its schedule until somebody does.",
                _saving(len(week), sum(run.took_ms or 0 for run in week)),
                {"project": activity.project.id, "failures": len(failures)},
            )
        )
    return sorted(found, key=lambda finding: -int(finding.figures["failures"] or 0))


def idle_schedules(activities: Iterable[Activity], view: View) -> list[Finding]:
    """Projects on a schedule that nobody viewed for 30 days."""
    found = []
    for activity in activities:
        project, since_ms = activity.project, view.now_ms - UNVIEWED_MS
        new = project.created_ms is not None and project.created_ms > since_ms
        known = project.last_viewed_ms is not None or project.views.thirty_days is not None
        viewed = (project.last_viewed_ms or 0) > since_ms or (project.views.thirty_days or 0) > 0
        if not _is_scheduled(project) or new or viewed or not known:
            continue
        last = "nobody ever" if project.last_viewed_ms is None else "nobody since " + _day(project.last_viewed_ms, view)
        found.append(
            Finding(
                Kind.IDLE_SCHEDULE,
                activity.name,
                f"It runs on a schedule ({_seen(activity.scheduled_week)} in 7 days), and {last} viewed it.",
                "Ask its owner, and pause the schedule in the project's settings.",
                _saving(activity.scheduled_week.runs, activity.scheduled_week.elapsed_ms),
                _about(activity),
            )
        )
    return sorted(found, key=_most_runs_first)


def busy_schedules(activities: Iterable[Activity]) -> list[Finding]:
    """Projects that run on a schedule far more often than anybody views them."""
    found = []
    for activity in activities:
        views, runs = activity.project.views.thirty_days or 0, activity.scheduled_month.runs
        if not _is_scheduled(activity.project) or views == 0 or runs < max(LEAST_RUNS, RUNS_PER_VIEW * views):
            continue
        found.append(
            Finding(
                Kind.BUSY_SCHEDULE,
                activity.name,
                f"It ran {runs} times on its schedule in 30 days, and was viewed {_times(views)}.",
                "A rarer schedule, or a refresh when the app is opened, may do.",
                figures=_about(activity),
            )
        )
    return sorted(found, key=_most_runs_first)


def crowded_minutes(found: Sequence[Crowd], names: Mapping[str, str], view: View) -> list[Finding]:
    """Minutes in which many schedules start at once."""
    return [
        Finding(
            Kind.CROWDED_MINUTE,
            f"{moment_text(crowd.at_ms[0], view.zone)}",
            f"{len(crowd.projects)} schedules start in the same minute, {_times(len(crowd.at_ms))} in 7 days:"
            f" {_list_of(sorted(names[project_id] for project_id in crowd.projects))}.",
            "Spread them over the hour: runs that start at once wait for one another, or for a kernel.",
            figures={"schedules": len(crowd.projects), "times_a_week": len(crowd.at_ms)},
        )
        for crowd in found
    ]


def _failures_in_a_row(newest: Sequence[Run]) -> list[Run]:
    """The newest runs that have ended, up to the first that did not fail; newest first."""
    failures = []
    for run in newest:
        if run.status in FAILED:
            failures.append(run)
        elif run.status not in UNFINISHED:
            break
    return failures


def _is_scheduled(project: Project) -> bool:
    return any(schedule.enabled for schedule in project.schedules)


def _beyond(use: Use | None) -> int | None:
    return None if use is None else max(0, use.used_micro - use.grant_micro)


def _used(use: Use, when: str) -> str:
    used = f"{SO_MUCH[use.bound]}{format_credits(use.used_micro)}"
    if not use.grant_micro:
        return f"{used} credits used {when}, without a grant"
    return f"{used} of {format_credits(use.grant_micro)} credits used {when}"


def _advice_for(seat: Seat) -> str:
    if seat.role == "EXPLORER":
        return "An Editor's seat has a larger grant; or an Admin can allow more add-on credits in Hex's settings."
    if seat.role not in PAID_ROLES:
        return "A paid seat comes with a grant of its own; or an Admin can cap the add-on credits in Hex's settings."
    return "What is beyond a grant is drawn from the add-on credits; an Admin can set an allocation in Hex's settings."


def _role(seat: Seat) -> str:
    return (seat.role or "?").capitalize()


def _seen(sums: RunSums) -> str:
    return f"{sums.runs} run{'' if sums.runs == 1 else 's'}, {sums.minutes:g} minutes"


def _saving(runs: int, elapsed_ms: int) -> Saving:
    return Saving(runs_a_week=runs, elapsed_ms_a_week=elapsed_ms)


def _about(activity: Activity) -> dict[str, int | str | None]:
    return {
        "project": activity.project.id,
        "owner": activity.project.owner_email,
        "scheduled_runs_30_days": activity.scheduled_month.runs,
        "views_30_days": activity.project.views.thirty_days,
    }


def _most_runs_first(finding: Finding) -> int:
    return -int(finding.figures["scheduled_runs_30_days"] or 0)


def _times(many: int) -> str:
    return "once" if many == 1 else f"{many} times"


def _day(at_ms: int, view: View) -> str:
    """A local day, with its year where that is another one: accounts sleep for years."""
    year = local_day(at_ms, view.zone).year
    return day_text(at_ms, view.zone) + (f" {year}" if year != local_day(view.now_ms, view.zone).year else "")


def _list_of(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more
