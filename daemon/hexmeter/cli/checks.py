"""The doctor's checks: each looks at one thing and never fails itself."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hexmeter.cli.ask import client
from hexmeter.cli.asking import who_is
from hexmeter.cli.configuration import load_config
from hexmeter.cli.ports import port_check
from hexmeter.config.load import ConfigError
from hexmeter.config.model import DASHBOARD_HOST, Config
from hexmeter.config.token import TokenError, token_source
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, to_iso
from hexmeter.core.model import Identity
from hexmeter.core.periods import Period
from hexmeter.core.resetday import Reading, better_days
from hexmeter.core.strings import clean
from hexmeter.hex.errors import HexError
from hexmeter.service.watch import WatchError, effective_watch
from hexmeter.store.backup import damage, way_back
from hexmeter.store.database import StoreError, is_locked, reading
from hexmeter.store.store import Store
from hexmeter.wire.client import ClientError, DaemonAbsent
from hexmeter.wire.render import day, moment, zone_of

State = Literal["ok", "warning", "failure"]
_SOON_MS = 7 * DAY_MS
_SCARCE_BYTES = 100 * 1024 * 1024
_MAY_LIST = ("ADMIN", "MANAGER")


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, and what to do about it."""

    name: str
    state: State
    message: str
    mend: str = ""


def checks(config_file: str | None) -> list[Check]:
    """All checks, in the order in which one depends on another."""
    from hexmeter.cli.desktop import desktop_checks

    found: list[Check] = []
    config = _configuration(config_file, found)
    if config is not None:
        identity = _identity(config, found)
        found += _database(config, identity)
    answers = _daemon(config_file)
    found += answers.checks
    # A daemon that does not say what it listens on, being older or too busy, may be the one that has the ports.
    if config is not None and (answers.absent or answers.ports is not None):
        found += _ports(config, answers.ports)
    found += [Check(*checked) for checked in desktop_checks(config_file)]
    if config is not None:
        found += _channels(config, answers.channels)
    return found


def _configuration(config_file: str | None, found: list[Check]) -> Config | None:
    try:
        config = load_config(config_file)
    except ConfigError as error:
        *faults, last = str(error).splitlines()
        found += [Check("config", "failure", fault) for fault in faults]
        found.append(Check("config", "failure", last, "mend the file: hexmeter config check"))
        return None
    if not config.path.exists():
        found.append(Check("config", "warning", f"there is no {config.path}: the defaults hold", "hexmeter setup"))
    else:
        state: State = "warning" if config.notes else "ok"
        found.append(Check("config", state, "; ".join((str(config.path), *config.notes))))
    if "plan.reset_day" not in config.given:
        assumed = "plan.reset_day is not set: credits are assumed to come back on the 1st"
        found.append(Check("reset_day", "warning", assumed, "look at your page in Hex, then: hexmeter setup"))
    if config.plan.tier is None and config.plan.grant_micro is None:
        found.append(Check("plan", "warning", "the tier is not set, so grants are not known", "hexmeter setup"))
    return config


def _identity(config: Config, found: list[Check]) -> Identity | None:
    """The token, what Hex says of it, and what it may do."""
    try:
        source = token_source(config.token, os.environ)
        token = source.read()
    except TokenError as error:
        found.append(Check("token", "failure", str(error), error.hint))
        return None
    found.append(Check("token", "ok", f"it comes from {source.name}"))
    try:
        identity = who_is(config, token)
    except HexError as error:
        found.append(Check("hex", "failure", str(error), error.hint))
        return None
    found.append(Check("hex", "ok", f"{config.base_url} answers, workspace {clean(identity.org_id, 80)}"))
    found.append(_role(config, identity))
    found.append(_expiry(config, identity))
    return identity


def _role(config: Config, identity: Identity) -> Check:
    try:
        watch = effective_watch(config.watch, identity)
    except WatchError as error:
        return Check("role", "failure", str(error), "mend [watch] users")
    if identity.person is None:
        return Check("role", "ok", "a workspace token, which sees everybody's threads")
    role = clean(identity.person.role or "no role", 40)
    who = f"{clean(identity.person.email or identity.person.id, 80)}, {role.lower()}"
    if role.upper() not in _MAY_LIST:
        mend = "follow yours: hexmeter track URL; or use the token of an Admin or Manager, or of the workspace"
        return Check("role", "warning", f"{who}: Hex does not list threads for this role", mend)
    if role.upper() == "MANAGER" and watch != "me":
        mend = "an Admin's or a workspace token sees everybody's"
        return Check("role", "warning", f"{who}: Hex shows a Manager only threads of projects they can open", mend)
    return Check("role", "ok", who)


def _expiry(config: Config, identity: Identity) -> Check:
    expires_ms = identity.token_expires_ms
    if expires_ms is None:
        return Check("expiry", "ok", "the token does not expire")
    left_ms = expires_ms - _now_ms()
    text = f"the token expires on {day(to_iso(expires_ms), config.zone)}"
    if left_ms <= 0:
        return Check("expiry", "failure", "the token has expired", "make a new one in Hex, then: hexmeter setup")
    return (
        Check("expiry", "ok", text) if left_ms > _SOON_MS else Check("expiry", "warning", text, "make a new one soon")
    )


def _database(config: Config, identity: Identity | None) -> Iterator[Check]:
    path = config.database
    if not path.exists():
        yield Check("database", "warning", f"there is none yet at {path}", "hexmeter daemon")
        yield _space(path, 0)
        return
    yield _space(path, path.stat().st_size)
    try:
        store = Store.open_to_read(path)
    except StoreError as error:
        yield _unopened(path, error)
        return
    with contextlib.closing(store):
        try:
            with reading(path):
                problem = damage(path, thorough=True)
                found = (
                    [_damaged(path, problem)]
                    if problem
                    else [_stored(path, store, identity), _rate(config, store), *_reset_day(config, store)]
                )
        except StoreError as error:
            found = [_unopened(path, error)]
    yield from found


def _unopened(path: Path, error: StoreError) -> Check:
    if error.mends_itself:
        return Check("database", "warning", str(error), error.hint)
    with contextlib.suppress(StoreError), reading(path):
        if problem := damage(path, thorough=False):
            return _damaged(path, problem)
    return Check("database", "failure", str(error), error.hint)


def _damaged(path: Path, problem: str) -> Check:
    return Check("database", "failure", f"{path} is damaged: {problem}", way_back(path))


def _stored(path: Path, store: Store, identity: Identity | None) -> Check:
    if is_locked(path):
        mend = "end the program that holds it, such as an editor of databases"
        return Check("database", "failure", f"{path} is locked by another program", mend)
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return Check("database", "failure", f"{path} cannot be written to", "check its owner and permissions")
    stored = store.progress.identity()
    if stored and identity and stored.org_id != identity.org_id:
        message = f"{path} belongs to the workspace {stored.org_id}, the token to {identity.org_id}"
        return Check("database", "failure", clean(message), "use that workspace's token, or another [storage] path")
    return Check("database", "ok", f"{path}, {path.stat().st_size / 1024**2:.1f} MiB, sound")


def _space(path: Path, size_bytes: int) -> Check:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free_bytes = shutil.disk_usage(folder).free
    text = f"{free_bytes / 1024**2:.0f} MiB free in {folder}"
    if free_bytes < 1024 * 1024:
        return Check("space", "failure", text, "make room: nothing can be stored")
    if free_bytes < max(_SCARCE_BYTES, 3 * size_bytes):
        return Check("space", "warning", text, "make room: backups are left out below three times the database's size")
    return Check("space", "ok", text)


def _rate(config: Config, store: Store) -> Check:
    now_ms, poll = _now_ms(), config.poll
    minute = poll.requests_per_minute - store.progress.count_requests(now_ms - MINUTE_MS)
    hour = poll.requests_per_hour - store.progress.count_requests(now_ms - HOUR_MS)
    text = f"{max(0, minute)} requests left this minute, {max(0, hour)} this hour"
    return (
        Check("rate", "ok", text) if min(minute, hour) > 0 else Check("rate", "warning", text, "wait: polls wait too")
    )


def _reset_day(config: Config, store: Store) -> Iterator[Check]:
    """Whether what people read in Hex fits the configured day."""
    now_ms, readings = _now_ms(), []
    for key, calibration in store.roster.calibrations_in(Period(now_ms - 62 * DAY_MS, now_ms)).items():
        if key.startswith("grant:user:"):
            readings.append(_reading(store, key.removeprefix("grant:user:"), calibration.at_ms, calibration.used_micro))
    days = better_days(readings, config.reset_day, config.zone)
    if days:
        span = str(days[0]) if len(days) == 1 else f"one of {', '.join(map(str, days[:5]))}{' …' if days[5:] else ''}"
        message = f"the figures you calibrated to do not fit reset_day = {config.reset_day}; {span} would"
        yield Check(
            "reset_day", "warning", message, f"look at your page in Hex, then: hexmeter setup --reset-day {days[0]}"
        )


def _reading(store: Store, user_id: str, at_ms: int, used_micro: int) -> Reading:
    def used_since(start_ms: int) -> int:
        use = store.ledger.use_by_user(Period(start_ms, at_ms)).get(user_id) if start_ms < at_ms else None
        return use.used_micro if use else 0

    return Reading(at_ms, used_micro, used_since)


@dataclass(frozen=True, slots=True)
class _Answers:
    """What the daemon says of itself; None for the channels and its ports when it says nothing of them, `absent` where
    there is none."""

    checks: list[Check]
    channels: list[dict[str, Any]] | None = None
    ports: dict[str, int] | None = None
    absent: bool = False


def _daemon(config_file: str | None) -> _Answers:
    try:
        daemon = client(config_file)
        status, channels = daemon.get("/v1/status"), daemon.get("/v1/channels")["channels"]
    except DaemonAbsent as error:
        return _Answers([Check("daemon", "warning", error.message, error.hint)], absent=True)
    except ClientError as error:
        return _Answers([Check("daemon", "failure", error.message, error.hint)])
    except Exception as error:  # a configuration with faults was told already
        words = f"cannot be asked: {str(error).splitlines()[0]}"
        return _Answers([Check("daemon", "warning", words, "mend the configuration")])
    found = [Check("daemon", "ok", f"answers on {daemon.socket_path}, version {status['version']}"), _polling(status)]
    problems = [row["problem"] for row in channels if row["problem"]]
    # What is wrong with a channel is told with the channels.
    notes = [note for note in status["notes"] if not any(problem in note for problem in problems)]
    return _Answers([*found, *(Check("note", "warning", note) for note in notes)], channels, status.get("ports"))


def _polling(status: dict[str, Any]) -> Check:
    last, zone = status["last_poll"], zone_of(status["timezone"])
    if status.get("paused_until"):
        until = moment(status["paused_until"], zone)
        return Check("polling", "warning", f"is paused until {until}", "hexmeter resume")
    if last is None:
        return Check("polling", "ok", "the first poll is under way")
    if not last["ok"]:
        return Check("polling", "failure", f"the last poll failed: {last['error']}", "see the lines above, and the log")
    if status["stale"]:
        since = moment(status["as_of"], zone)
        return Check("polling", "failure", f"no good poll since {since}", "see the daemon's log")
    return Check("polling", "ok", f"the last poll was good, {moment(last['at'], zone)}")


def _ports(config: Config, held: dict[str, int] | None) -> Iterator[Check]:
    if config.metrics_listen is not None:
        yield Check(*port_check("metrics", "listen", *config.metrics_listen, held, wanted=True))
    if config.dashboard_port is not None:
        wanted = config.dashboard_enabled
        yield Check(*port_check("dashboard", "port", DASHBOARD_HOST, config.dashboard_port, held, wanted=wanted))


def _channels(config: Config, rows: list[dict[str, Any]] | None) -> Iterator[Check]:
    """Where warnings go, and how each channel does, which `rows` of the daemon's say."""
    names = ["desktop"] if config.notify_desktop else []
    names += list(config.channels.by_name())
    if not names:
        yield Check("channels", "warning", "warnings go nowhere", "set [notify] desktop = true, or urls")
        return
    unknown = "" if rows is not None else "; how they do is known while the daemon runs"
    yield Check("channels", "ok", f"warnings go to: {', '.join(names)}{unknown}")
    yield from map(_channel, rows or [])


def _channel(row: dict[str, Any]) -> Check:
    name, waiting = row["channel"], row["waiting"]
    waits = f"; {waiting} not delivered yet" if waiting else ""
    if row["problem"]:
        again = ", and is tried again" if row["state"] == "retrying" else ""
        state: State = "warning" if again else "failure"
        mend = row["hint"] or f"hexmeter alerts test {name}"
        return Check("channel", state, f"{name}: {row['problem']}{again}{waits}", mend)
    if waiting and name == "desktop":
        return Check("channel", "warning", f"desktop: waiting for a tray: {waiting}", "hexmeter-tray &")
    last = f"the last one arrived {moment(row['at'], None)}" if row["at"] else "nothing was sent to it yet"
    return Check("channel", "ok", f"{name}: {last}{waits}")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
