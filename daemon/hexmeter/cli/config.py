"""Check the configuration, show what is in force, or say where the file is."""

import argparse
import json
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from hexmeter.cli.configuration import read_config
from hexmeter.cli.helps import end_with
from hexmeter.config.channels import masked
from hexmeter.config.load import toml_value
from hexmeter.config.model import Config
from hexmeter.config.schema import FREE_TABLES, KEYS, Key
from hexmeter.wire.address import config_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter config`."""
    parser.add_argument(
        "verb", choices=("check", "show", "path"), help="check: name every fault; show: every key; path: the file's"
    )
    parser.add_argument("--json", action="store_true", help="with show: as JSON")
    end_with(
        parser,
        "A daemon that runs takes changes up with hexmeter reload.",
        "hexmeter config check && hexmeter reload",
        "hexmeter config show",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter config`."""
    path = config_path(arguments.config)
    if arguments.verb == "path":
        print(path)
        return 0
    config = read_config(arguments.config)
    if arguments.verb == "check":
        for note in config.notes:
            print(f"{path}: {note}")
        print(f"{path}: {'no faults' if config.path.exists() else 'there is no such file; the defaults hold'}")
        return 0
    settings = _settings(config)
    if arguments.json:
        print(json.dumps({"schema": 1, "path": path, "settings": [_document(one) for one in settings]}, indent=2))
    else:
        print(f"# {path}{'' if config.path.exists() else ' (no such file)'}: what is in force, defaults included")
        print("\n".join(_lines(settings)))
    return 0


class Setting(NamedTuple):
    """One key with what is in force; `value` as TOML has it."""

    table: str
    name: str
    value: Any
    is_set: bool
    help: str


def _settings(config: Config) -> list[Setting]:
    """Every key, and what stands in the tables whose keys are the user's own words."""
    given = config.given

    def default(key: Key) -> Any:
        return config.zone.key if key.place == "plan.timezone" else key.default

    keys = [
        Setting(key.table, key.name, _shown(key, given.get(key.place, default(key))), key.place in given, key.help)
        for key in KEYS
    ]
    own = [
        Setting(table, name, value, True, "")
        for table in sorted(FREE_TABLES)
        for name, value in given.get(table, {}).items()
    ]
    tables = list(dict.fromkeys(setting.table for setting in keys + own))
    return sorted(keys + own, key=lambda setting: tables.index(setting.table))


def _document(setting: Setting) -> dict[str, Any]:
    key = f"{setting.table}.{setting.name}"
    return {"key": key, "value": _plain(setting.value), "set": setting.is_set, "help": setting.help}


def _lines(settings: list[Setting]) -> Iterator[str]:
    """The settings as TOML."""
    for table, group in groupby(settings, key=lambda setting: setting.table):
        yield f"\n[{table}]"
        for setting in group:
            name = setting.name if re.fullmatch("[A-Za-z0-9_-]+", setting.name) else toml_value(setting.name)
            if setting.value is None:
                yield f"# {name} is not set"
            else:
                yield f"{name} = {toml_value(setting.value)}{'' if setting.is_set else '  # default'}"
    for table in sorted(FREE_TABLES - {setting.table for setting in settings}):
        yield f"\n[{table}]\n# none"


def _shown(key: Key, value: Any) -> Any:
    """A value without what others must not read: addresses of channels have passwords in them."""
    return masked(value) if key.secret else value


def _plain(value: Any) -> Any:
    """A value of TOML as JSON has it: amounts as numbers, days as texts."""
    return json.loads(json.dumps(value, default=lambda odd: float(odd) if hasattr(odd, "as_tuple") else str(odd)))
