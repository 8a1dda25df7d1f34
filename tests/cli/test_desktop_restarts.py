"""The real daemon and tray, restarted again and again: each warning is shown exactly once, and goes when it is moot."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crashing import poll_well
from desktop import wait_until
from running_daemon import home

from .conftest import CREDIT, EVERYONE, QUICK, Hex, now_ms, plan
from .desktop_session import Session, desktop_session

pytestmark = pytest.mark.desktop

PEOPLE = ("stands", "known", "waits", "later")
USED_UP, MOST = "41", "33"
"""Of 40 credits: critical, which passes quiet hours, and a warning, which waits for their end."""


def quiet_hours() -> str:
    """Hours that hold now, and will for longer than a test takes."""
    now = datetime.now(UTC)
    begin, end = (now + timedelta(hours=hours) for hours in (-1, 3))
    return f'quiet_hours = "{begin:%H:%M}-{end:%H:%M}"\nquiet_critical = true\n'


@pytest.fixture
def session(hex_: Hex, tmp_path: Path) -> Iterator[Session]:
    world = hex_.running.world
    for name in PEOPLE:
        world.add_person(f"{name}@acme.test", "EDITOR")
        world.add_thread(f"{name}@acme.test", now_ms() - 3_600_000, CREDIT, thread_id=name)
    toml = plan() + EVERYONE + QUICK + "[alerts]\nused = [80]\nforecast = false\n" + quiet_hours()
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", toml) as made, desktop_session(made) as running:
        poll_well(made)
        yield running


def use(session: Session, hex_: Hex, name: str, credits: str) -> None:
    """Let a person use credits, and let the daemon see it."""
    hex_.change("credits", thread_id=name, credits=credits)
    poll_well(session.home)


def alert_of(session: Session, name: str) -> dict[str, Any]:
    """The one alert of a person."""
    alerts = session.home.client.get("/v1/alerts")["alerts"]
    (found,) = [alert for alert in alerts if alert["meter"] == f"grant:{name}@acme.test"]
    return dict(found)


def wait_for_delivery(session: Session, name: str, state: str) -> None:
    """Wait until the person's alert is delivered so far."""
    wait_until(lambda: [one["state"] for one in alert_of(session, name)["deliveries"]] == [state], f"{name}: {state}")


def wait_for_tray(session: Session) -> None:
    """Wait until the newest tray shows what the daemon says."""
    wait_until(lambda: len(session.panel.registered) == len(session.trays), "the tray is on the panel")
    item = session.panel.item()
    wait_until(lambda: any(label.startswith("stands@acme.test: 0 of") for label in item.menu_labels()), "the figures")


@pytest.mark.parametrize("restarts", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_restarts_of_daemon_and_tray_show_each_warning_once(hex_: Hex, session: Session, restarts: int) -> None:
    session.start_tray()
    for name in ("stands", "known"):
        use(session, hex_, name, USED_UP)
        wait_for_delivery(session, name, "handed_over")
    use(session, hex_, "waits", MOST)
    wait_for_delivery(session, "waits", "pending")
    session.home.client.post("/v1/alerts/ack", {"alert": alert_of(session, "known")["id"]})
    stands, known = (shown.number for shown in session.desktop.shown)
    wait_until(lambda: session.desktop.closed == [known], "what was acknowledged goes")

    for round_ in range(restarts):
        wait_for_tray(session)
        number = (signal.SIGTERM, signal.SIGKILL)[round_ % 2]
        clean = 0 if number == signal.SIGTERM else -number
        if round_ % 3:
            assert session.restart(number, daemon=True, tray=True) == [clean, clean]
        else:
            assert session.restart(number, daemon=True, tray=False) == [clean]
            wait_for_tray(session)
            assert session.restart(number, daemon=False, tray=True) == [clean]
        poll_well(session.home)
    wait_for_tray(session)

    # What comes last shows that nothing else is under way.
    use(session, hex_, "later", USED_UP)
    wait_for_delivery(session, "later", "handed_over")
    assert [shown.title for shown in session.desktop.shown] == [
        f"{name}@acme.test: the grant is used up" for name in ("stands", "known", "later")
    ]
    assert session.desktop.received == 3
    wait_for_delivery(session, "waits", "pending")

    # Its tray has ended long ago; the present one takes it back.
    session.home.client.post("/v1/alerts/ack", {"alert": alert_of(session, "stands")["id"]})
    wait_until(lambda: session.desktop.closed == [known, stands], "what is moot goes")
    assert session.restart(signal.SIGTERM, daemon=True, tray=True) == [0, 0]
    assert (session.home.folder / "tray.log").read_text() == ""
    assert not list(session.temporary.iterdir())
    assert "Traceback" not in session.home.said()
