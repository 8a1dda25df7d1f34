"""The tray's start at login: written once, removed again, and nobody else's file touched."""

import configparser
from pathlib import Path

import pytest

from hexmeter.wire.autostart import autostart_file, start_at_login, starts_at_login, stop_at_login
from hexmeter.wire.client import ClientError


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("HEXMETER_CONFIG", raising=False)


def test_it_is_written_once_and_removed_once(tmp_path: Path) -> None:
    assert not starts_at_login()
    assert [start_at_login(), starts_at_login(), start_at_login()] == [True, True, False]
    assert autostart_file() == tmp_path / "autostart" / "hexmeter-tray.desktop"
    assert [stop_at_login(), starts_at_login(), stop_at_login()] == [True, False, False]


def test_it_names_a_program_that_exists() -> None:
    start_at_login()
    entry = configparser.RawConfigParser()
    entry.read(autostart_file())
    program = entry["Desktop Entry"]["exec"].split('"')[1]
    assert Path(program).exists()
    assert entry["Desktop Entry"]["type"] == "Application"


def test_another_configuration_has_a_file_of_its_own(tmp_path: Path) -> None:
    other = str(tmp_path / 'a "50 %" $HOME.toml')
    start_at_login(other)
    assert not starts_at_login()
    assert autostart_file(other).name.startswith("hexmeter-tray-")
    written = autostart_file(other).read_text()
    assert '"--config"' in written
    assert '/a \\\\"50 %%\\\\" \\\\$HOME.toml"' in written


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_what_the_desktop_switched_off_is_off_until_it_is_switched_on_here(line: str) -> None:
    start_at_login()
    name = line.partition("=")[0]
    kept = [old for old in autostart_file().read_text().splitlines() if not old.startswith(name)]
    autostart_file().write_text("\n".join([*kept, line, ""]))
    assert not starts_at_login()
    assert [start_at_login(), starts_at_login()] == [True, True]


def test_somebody_elses_file_is_left_alone() -> None:
    autostart_file().parent.mkdir()
    autostart_file().write_text("[Desktop Entry]\nName=Mine\n")
    for change in (start_at_login, stop_at_login):
        with pytest.raises(ClientError, match="was not written by Hexmeter, and is left alone"):
            change()
    assert not starts_at_login()
    assert autostart_file().read_text() == "[Desktop Entry]\nName=Mine\n"
