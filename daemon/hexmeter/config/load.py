"""TOML to a frozen Config, or every error at once: key, value, what is allowed, line."""

import os
import re
import tomllib
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.config.allocations import allocations
from hexmeter.config.channels import DESKTOP, ChannelPlan, masked, named
from hexmeter.config.faults import NotAllowed, NotAllowedIn
from hexmeter.config.model import Config, PollSettings
from hexmeter.config.privatefile import others_may_read
from hexmeter.config.schema import FREE_TABLES, KEYS
from hexmeter.config.token import TokenKeys
from hexmeter.core.grants import Plan
from hexmeter.core.instants import from_datetime
from hexmeter.core.periods import first_instant
from hexmeter.core.pool import Balance, PoolPlan
from hexmeter.core.reportplan import WEEKDAYS, ReportPlan
from hexmeter.core.rules import AlertRules
from hexmeter.core.strings import clean, without_tokens


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration file."""

    what: str
    line: int | None = None


class ConfigError(Exception):
    """The configuration cannot be used; `problems` are all its faults. Exit code 2."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.path = path
        self.problems = problems
        super().__init__("\n".join(self._lines()))

    def _lines(self) -> list[str]:
        return [f"{self.path}{f':{problem.line}' if problem.line else ''}: {problem.what}" for problem in self.problems]


def load(path: Path, *, must_exist: bool, default_database: Path) -> Config:
    """The configuration in the file at `path`, or the defaults where it does not exist and need not.

    Paths in it are relative to its folder. Raises ConfigError.
    """
    try:
        content = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(path, [Problem("there is no such file; copy config.example.toml there")]) from None
        content = ""
    except OSError as error:
        raise ConfigError(path, [Problem(f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigError(path, [Problem("is not UTF-8 text")]) from None
    config = parse(content, path, default_database)
    if config.channels.by_name() and others_may_read(path):
        note = f"others may read it, and the addresses in [notify] hold secrets: chmod 600 {path}"
        return replace(config, notes=(*config.notes, note))
    return config


def parse(content: str, path: Path, default_database: Path) -> Config:
    """The configuration written in `content`; `path` is the file it is from. Raises ConfigError."""
    try:
        document = tomllib.loads(content, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise ConfigError(path, [Problem(f"not valid TOML: {error}", int(line[1]) if line else None)]) from None
    except (ValueError, ArithmeticError, RecursionError):
        raise ConfigError(path, [Problem("a number in it is too long, or a list too deep")]) from None
    lines = _lines_of_keys(content)
    problems = _unknown(document, lines)
    values: dict[str, Any] = {}
    for key in KEYS:
        given = _get(document, key.table, key.name)
        value = key.default if given is None else given
        try:
            values[key.place] = None if value is None else key.check(value)
        except NotAllowedIn as error:
            problems += _of_entries(key.place, error, lines, secret=key.secret)
        except NotAllowed as error:
            shown = _shown(masked(given) if key.secret else given)
            problems.append(
                Problem(f"{key.place} = {shown}: must be {error}", lines.get(key.place, lines.get(key.table)))
            )
    try:
        given = document.get("allocations")
        values["allocations"] = allocations(given if isinstance(given, dict) else {})
    except NotAllowedIn as error:
        problems += _of_entries("allocations", error, lines)
    if values.get("pool.balance") is not None and "pool.as_of" in values and values["pool.as_of"] is None:
        what = "pool.balance is set without pool.as_of: say when the balance was read, such as as_of = 2026-11-01"
        problems.append(Problem(what, lines.get("pool.balance")))
    if values.get("api.group") is not None and "api.socket" in values and values["api.socket"] is None:
        what = "api.group is set without api.socket: the usual socket is in a folder that others cannot enter"
        problems.append(Problem(what, lines.get("api.group")))
    values["report.to"] = _report_to(values, problems, lines)
    zone = values.get("plan.timezone") or _local_zone()
    if zone is None and "plan.timezone" in values:
        problems.append(Problem("plan.timezone is not set, and this machine does not tell its own: set it"))
    if problems:
        raise ConfigError(path, sorted(problems, key=lambda problem: problem.line or 0))
    values["plan.timezone"] = zone
    return _config(values, _given(document), path, default_database)


def _given(document: dict[str, Any]) -> dict[str, Any]:
    """What the file says, by place."""
    given = {key.place: _get(document, key.table, key.name) for key in KEYS}
    given |= {table: document.get(table) for table in FREE_TABLES}
    return {place: value for place, value in given.items() if value is not None}


def _config(values: dict[str, Any], given: dict[str, Any], path: Path, default_database: Path) -> Config:
    folder = path.absolute().parent
    token_file, database = values["hex.token_file"], values["storage.path"]
    return Config(
        path=path,
        base_url=values["hex.base_url"],
        token=TokenKeys(
            path,
            command=values["hex.token_command"],
            file=None if token_file is None else _path(folder, token_file),
            keyring=values["hex.keyring"],
        ),
        plan=Plan(values["plan.tier"], values["plan.grant"], values["plan.grants"]),
        reset_day=values["plan.reset_day"],
        zone=values["plan.timezone"],
        watch=values["watch.users"],
        poll=PollSettings(
            interval_ms=values["poll.every"],
            requests_per_minute=values["poll.requests_per_minute"],
            requests_per_hour=values["poll.requests_per_hour"],
            window_ms=values["poll.window"],
            history_ms=values["poll.history"],
        ),
        pool=_pool(values),
        allocations=values["allocations"],
        rules=_rules(values),
        quiet=values["alerts.quiet_hours"],
        quiet_critical=values["alerts.quiet_critical"],
        notify_desktop=values["notify.desktop"],
        report=ReportPlan(
            values["report.every"],
            None if values["report.day"] is None else WEEKDAYS.index(values["report.day"]),
            values["report.at"],
            values["report.to"],
        ),
        channels=_channels(values, folder),
        socket=values["api.socket"],
        api_group=values["api.group"],
        database=default_database if database is None else _path(folder, database),
        keep_days=values["storage.keep_days"],
        backups=values["storage.backups"],
        runs_per_week=values["budgets.runs_per_week"],
        seat_price_micro=values["prices.seat"],
        currency=values["prices.currency"],
        metrics_listen=values["metrics.listen"],
        metrics_per_user=values["metrics.per_user"],
        dashboard_enabled=values["dashboard.enabled"],
        dashboard_port=values["dashboard.port"],
        given=given,
    )


def _rules(values: dict[str, Any]) -> AlertRules:
    return AlertRules(
        used=values["alerts.used"],
        left_micro=values["alerts.left"],
        forecast=values["alerts.forecast"],
        exhausted=values["alerts.exhausted"],
        burn=values["alerts.burn"],
        prompt=values["alerts.prompt"],
        prompt_cost_micro=values["alerts.prompt_cost"],
        reset=values["alerts.reset"],
        unused=values["alerts.unused"],
        top_ups=values["alerts.top_up"],
        runs=values["alerts.runs"] or (),
        blind=values["alerts.blind"],
        token=values["alerts.token"],
    )


def _channels(values: dict[str, Any], folder: Path) -> ChannelPlan:
    secret_file = values["notify.webhook_secret_file"]
    return ChannelPlan(
        values["notify.urls"], values["notify.users"], None if secret_file is None else _path(folder, secret_file)
    )


def _report_to(values: dict[str, Any], problems: list[Problem], lines: dict[str, int]) -> tuple[str, ...]:
    """The names of the channels that a report goes to; what is wrong with them is added to `problems`."""
    urls, users, desktop = (values.get(place) for place in ("notify.urls", "notify.users", "notify.desktop"))
    if urls is None or users is None or desktop is None:
        return ()  # What is wrong there is told already.
    plan = ChannelPlan(urls, users)
    common = tuple(channel.name for channel in plan.common)
    allowed = (*((DESKTOP,) if desktop else ()), *common)
    found = {name: named(name, allowed) for name in values.get("report.to") or ()}
    for name in (name for name, channel in found.items() if channel is None):
        why = f"there are: {', '.join(allowed) or 'none'}"
        if named(name, plan.by_name()) is not None:
            why = "it tells a person of their own meters alone"
        what = f'report.to: "{masked(name) if "://" in name else clean(name, 60)}" is no channel for reports; {why}'
        problems.append(Problem(what, lines.get("report.to")))
    if values.get("report.every") is not None and not allowed:
        what = "report.every is set, but there is no channel to send it to: see [notify]"
        problems.append(Problem(what, lines.get("report.every")))
    return tuple(dict.fromkeys(channel for channel in found.values() if channel)) or common or allowed


def _of_entries(place: str, wrong: NotAllowedIn, lines: dict[str, int], *, secret: bool = False) -> list[Problem]:
    """The wrong entries of the table at `place`, each with its line, or the table's where it has none."""
    table_line = lines.get(place, lines.get(place.partition(".")[0]))
    return [
        Problem(
            f'{place}."{masked(entry.name) if "://" in entry.name else clean(entry.name, 60)}" ='
            f" {_shown(masked(entry.value) if secret else entry.value)}: must be {entry.allowed}",
            lines.get(f"{place}.{entry.name}", table_line),
        )
        for entry in wrong.entries
    ]


def _pool(values: dict[str, Any]) -> PoolPlan:
    balance = None
    if values["pool.balance"] is not None:
        balance = Balance(_instant(values["pool.as_of"], values["plan.timezone"]), values["pool.balance"])
    return PoolPlan(balance, values["pool.monthly_spend_limit"], values["pool.top_up"])


def _instant(moment: date, zone: ZoneInfo) -> int:
    """A day's first instant in `zone`; an instant without a zone of its own is in `zone` too."""
    if not isinstance(moment, datetime):
        return first_instant(moment, zone)
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _path(folder: Path, given: str) -> Path:
    # Path.expanduser raises for a user that does not exist; this leaves the name as it is, for the error to show.
    return folder / os.path.expanduser(given)  # noqa: PTH111


def _local_zone() -> ZoneInfo | None:
    import tzlocal

    try:
        return tzlocal.get_localzone()
    except (LookupError, ValueError, OSError):  # TZ may hold anything
        return None


def _get(document: dict[str, Any], table: str, name: str) -> Any:
    content = document.get(table)
    return content.get(name) if isinstance(content, dict) else None


def _unknown(document: dict[str, Any], lines: dict[str, int]) -> list[Problem]:
    """Tables and keys that do not exist, each with the nearest that does."""
    problems = []
    tables = {key.table for key in KEYS} | FREE_TABLES
    for table, content in document.items():
        if table not in tables and not isinstance(content, dict | list):
            problems.append(Problem(_outside(table), lines.get(table)))
        elif table not in tables:
            problems.append(
                Problem(f"[{clean(table, 60)}] is not a known table{_nearest(table, tables)}", lines.get(table))
            )
        elif not isinstance(content, dict):
            problems.append(Problem(f"{table} = … must be a table: [{table}]", lines.get(table)))
        elif table not in FREE_TABLES:
            names = {key.name for key in KEYS if key.table == table}
            problems += [
                Problem(
                    f"{table}.{clean(name, 60)} is not a known key{_nearest(name, names)}", lines.get(f"{table}.{name}")
                )
                for name in content
                if name not in names
            ]
    return problems


def _outside(name: str) -> str:
    """What is wrong with a key above all tables."""
    places = [f"[{key.table}]" for key in KEYS if key.name == name]
    return f"{clean(name, 60)} is in no table" + (f"; did you mean it below {' or '.join(places)}?" if places else "")


def _nearest(word: str, known: set[str]) -> str:
    from difflib import get_close_matches  # Only a fault needs it.

    matches = get_close_matches(word, known, n=1)
    return f"; did you mean {matches[0]}?" if matches else ""


_HEADER = re.compile(r"\s*\[([^\[\]]+)\]")
_WORD = r"""(?:"[^"\n]*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_KEY = re.compile(rf"\s*({_WORD}(?:\s*\.\s*{_WORD})*)\s*=")


def _lines_of_keys(content: str) -> dict[str, int]:
    """The line of each table (`plan`) and key (`plan.tier`), in the plain cases: the parser tells no lines."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(content.split("\n"), 1):
        if header := _HEADER.match(line):
            table = ".".join(_words(header[1]))
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            words = ([table] if table else []) + _words(key[1])
            for length in range(1, len(words) + 1):
                lines.setdefault(".".join(words[:length]), number)
    return lines


def _words(dotted: str) -> list[str]:
    """The parts of a dotted key, without their quotes."""
    return [word.strip("\"'") for word in re.findall(_WORD, dotted)]


def _shown(value: Any) -> str:
    """A value as an error shows it; a token that was put where something else belongs is not shown."""
    return clean(without_tokens(toml_value(value)), 80)


def _toml_name(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else toml_value(name)


def toml_value(value: Any) -> str:
    """A value as TOML writes it, near enough for people to read."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml_name(name)} = {toml_value(item)}" for name, item in value.items()) + "}"
    return str(value)
