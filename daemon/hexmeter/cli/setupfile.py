"""The files that setup writes: the configuration, changed without losing its comments, and the token's."""

import os
import tempfile
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Table

from hexmeter.cli.explained import Explained
from hexmeter.config.load import toml_value
from hexmeter.config.schema import KEYS

_FRESH = """\
# Hexmeter's configuration. `hexmeter config show` has every key with what is in force, `hexmeter config check` names
# faults, and `hexmeter reload` has a running daemon take changes up.

"""


def changed(content: str, values: dict[str, Any]) -> str:
    """The configuration with these values by place (`plan.tier`; None takes a key out); all else stays as it is."""
    document = tomlkit.parse(content or _FRESH)
    helps = {key.place: key.help for key in KEYS}
    for place, value in values.items():
        table_name, _, name = place.partition(".")
        if value is None:
            if name in document.get(table_name, {}):
                del document[table_name][name]
            continue
        if table_name not in document:
            if document.as_string() and not document.as_string().endswith("\n\n"):
                document.add(tomlkit.nl())
            document.add(table_name, tomlkit.table())
        table = document[table_name]
        if name not in table and isinstance(table, Table):
            table.add(tomlkit.comment(helps[place]))
        table[name] = value
    return document.as_string()


def write_config(path: Path, content: str) -> None:
    """Put `content` in the place of the file at `path`, whole or not at all; its mode stays. Raises Explained."""
    real = path.resolve()
    mode = real.stat().st_mode & 0o777 if real.exists() else 0o600
    _replace(real, content, mode)


def write_token(path: Path, token: str) -> None:
    """Store the token so that its owner alone can read it. Raises Explained."""
    _replace(path, token + "\n", 0o600)


def _replace(path: Path, content: str, mode: int) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made with mode 0600, so that nobody reads it on its way.
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Explained(f"cannot write {path}: {error.strerror}", "check its folder", 1) from None


def lines_of(values: dict[str, Any]) -> str:
    """The values as a person would write them."""
    return ", ".join(f"{place} = {toml_value(value)}" for place, value in values.items() if value is not None)
