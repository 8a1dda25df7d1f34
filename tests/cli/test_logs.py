"""The daemon's log: a line a record in each form, with levels that the journal reads."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hexmeter.cli.logs import _Journal, _Json
from running_daemon import Home

from .conftest import Hex


def test_each_poll_is_one_line_of_json(admins: Home, hex_: Hex) -> None:
    ran = admins.ask("daemon", "--once", "--log-format", "json")
    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert {frozenset(line) for line in lines} == {frozenset({"at", "level", "logger", "message"})}
    assert len([line for line in lines if line["message"].startswith("poll: ")]) == 1
    assert all(line["at"].endswith("Z") and line["level"] == "info" for line in lines)


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("hexmeter", logging.WARNING, __file__, 1, message, (), None)


def test_a_strangers_line_break_is_none() -> None:
    assert _Journal().format(record("one\ntwo\u2028three")) == "<4>one two three"
    assert len(_Json().format(record("one\ntwo")).splitlines()) == 1


def test_every_line_of_a_traceback_has_its_level() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        fault = logging.LogRecord("hexmeter", logging.ERROR, __file__, 1, "a fault", (), sys.exc_info())
    assert all(line.startswith("<3>") for line in _Journal().format(fault).splitlines())
    assert "ValueError" in json.loads(_Json().format(fault))["traceback"]


@pytest.mark.parametrize("is_journal", [True, False])
def test_levels_are_written_for_the_journal_alone(admins: Home, is_journal: bool) -> None:
    """JOURNAL_STREAM names what systemd connected; a shell inside such a service has another standard error."""
    log = admins.folder / "journal"
    with log.open("wb") as file:
        status = os.fstat(file.fileno())
        named = f"{status.st_dev}:{status.st_ino if is_journal else 1}"
        command = [sys.executable, "-m", "hexmeter", "daemon", "--once"]
        subprocess.run(command, env=admins.variables(JOURNAL_STREAM=named), stderr=file, check=True)
    lines = Path(log).read_text().splitlines()
    assert [line.startswith("<6>") for line in lines] == [is_journal] * len(lines)
