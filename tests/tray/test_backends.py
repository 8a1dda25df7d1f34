"""Which backends are used, as tables; and how the configuration chooses."""

from pathlib import Path
from typing import Any

import pytest

from hexmeter.wire.client import ClientError
from hexmeter_tray.backends import Choice, Surroundings, changes_over, choose_notifier, choose_tray, document, lines
from hexmeter_tray.settings import read_settings


def around(platform: str = "linux", **more: Any) -> Surroundings:
    return Surroundings(**{"platform": platform, "screen": True, "x11": True, "no_bus": "", **more})


@pytest.mark.parametrize(
    ("wanted", "there", "backend", "problem"),
    [
        pytest.param("auto", around(watcher=True, xembed=True), "sni", "", id="both kinds of host"),
        pytest.param("auto", around(xembed=True), "pystray", "", id="an old panel"),
        pytest.param("auto", around(), "sni", "no tray host", id="no host yet"),
        pytest.param("auto", around(x11=False, watcher=True), "sni", "", id="Wayland"),
        pytest.param("auto", around(no_bus="gone", xembed=True), "pystray", "", id="no bus, an old panel"),
        pytest.param("auto", around(no_bus="gone"), "pystray", "no tray", id="no bus, no panel"),
        pytest.param("auto", around(no_bus="gone", x11=False), None, "cannot be used (gone)", id="neither"),
        pytest.param("auto", around(screen=False, watcher=True), None, "no screen", id="no screen"),
        pytest.param("sni", around(xembed=True), "sni", "no tray host", id="forced, no host"),
        pytest.param("sni", around(no_bus="gone"), None, "cannot be used (gone)", id="forced, no bus"),
        pytest.param("pystray", around(watcher=True, xembed=True), "pystray", "", id="forced beside a host"),
        pytest.param("pystray", around(x11=False), None, "cannot be opened", id="forced, no X"),
        pytest.param("auto", Surroundings("win32"), "pystray", "", id="Windows"),
        pytest.param("sni", Surroundings("darwin"), None, "no D-Bus session", id="forced on macOS"),
    ],
)
def test_how_the_icon_is_shown(wanted: str, there: Surroundings, backend: str | None, problem: str) -> None:
    chosen = choose_tray(wanted, there)
    assert chosen.backend == backend
    assert chosen.reason
    assert problem in chosen.problem if problem else not chosen.problem


@pytest.mark.parametrize(
    ("wanted", "there", "follows"),
    [
        pytest.param("auto", around(), True, id="X11"),
        pytest.param("auto", around(wayland=True), False, id="Wayland, whose X display would be started"),
        pytest.param("auto", around(x11=False), False, id="no X"),
        pytest.param("auto", around(no_bus="gone"), False, id="no bus"),
        pytest.param("sni", around(), False, id="forced"),
    ],
)
def test_whether_the_icon_follows_the_panels(wanted: str, there: Surroundings, follows: bool) -> None:
    assert changes_over(wanted, there) is follows


@pytest.mark.parametrize(
    ("wanted", "there", "backend", "problem"),
    [
        pytest.param("auto", around(service="dunst 1.9"), "dbus", "", id="a service"),
        pytest.param("auto", around(), "dbus", "warnings wait", id="no service yet"),
        pytest.param("auto", around(no_bus="gone"), "plyer", "warnings wait", id="no bus"),
        pytest.param("dbus", around(no_bus="gone"), None, "cannot be used (gone)", id="forced, no bus"),
        pytest.param("plyer", around(service="dunst 1.9"), "plyer", "", id="forced"),
        pytest.param("plyer", around(), "plyer", "warnings wait", id="forced, no service"),
        pytest.param("auto", Surroundings("darwin"), "plyer", "", id="macOS"),
        pytest.param("dbus", Surroundings("win32"), None, "no D-Bus session", id="forced on Windows"),
    ],
)
def test_how_warnings_are_shown(wanted: str, there: Surroundings, backend: str | None, problem: str) -> None:
    chosen = choose_notifier(wanted, there)
    assert chosen.backend == backend
    assert problem in chosen.problem if problem else not chosen.problem


def test_what_which_says() -> None:
    there = around(service="dunst 1.9")
    tray, notify = choose_tray("auto", there), choose_notifier("auto", there)
    assert lines(tray, notify)[0].startswith("tray: sni (no tray is running yet")
    assert lines(tray, notify)[1].startswith("  no tray host is running")
    assert lines(tray, notify)[2] == "notify: dbus (dunst 1.9 shows notifications)"
    assert document(Choice(None, "why", "why"), notify, there) == {
        "schema": 1,
        "tray": {"backend": None, "reason": "why", "problem": "why"},
        "notify": {
            "backend": "dbus",
            "reason": "dunst 1.9 shows notifications",
            "problem": None,
            "service": "dunst 1.9",
        },
    }


def test_the_configuration_chooses(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[tray]\nbackend = "pystray"\n')
    found = read_settings(str(config))
    assert (found.tray, found.notify, found.config) == ("pystray", "auto", str(config))


def test_without_a_configuration_all_is_auto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEXMETER_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found = read_settings(None)
    assert (found.config, found.tray, found.notify) == (None, "auto", "auto")


def test_a_backend_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[notify]\nbackend = "kde\x1b"\n'.replace("\x1b", "\\u001b"))
    with pytest.raises(ClientError) as error:
        read_settings(str(config))
    assert error.value.message == f'{config}: notify.backend = "kde" is no backend'
    assert (error.value.hint, error.value.exit_code) == ('take one of "auto", "dbus", "plyer"', 2)
