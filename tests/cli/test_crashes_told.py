"""kill -9 at any moment, under faults, on the way over a level: it is told once, and once alone."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from claiming import claiming_tray
from crashing import FAULTS, dice, poll_well, polling, some_time
from desktop_bus import wait_until
from running_daemon import home

from .conftest import QUICK, Hex, plan

ED = '[watch]\nusers = ["ed@acme.test"]\n'


@pytest.mark.parametrize("kills", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_the_way_from_60_to_81_per_cent_is_told_exactly_once(hex_: Hex, tmp_path: Path, kills: int) -> None:
    rng = dice()
    toml = plan() + ED + QUICK + "[alerts]\nused = [80]\n"
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", toml) as made:
        daemon = made.start()
        poll_well(made)
        assert made.client.get("/v1/status")["meters"][0]["used"] == 24.0
        assert made.client.get("/v1/alerts")["alerts"] == []
        with claiming_tray(lambda: made.client) as tray:
            hex_.change("credits", thread_id="main", credits="32.4")
            for number in range(kills):
                with polling(made):
                    some_time(rng, 0.1)
                    daemon.kill()
                hex_.change("fault/clear")
                hex_.change("fault", spec=f"{rng.choice(FAULTS)}:0.4")
                hex_.change("credits", thread_id="main", credits=rng.choice(["32.4", "31.6", "32", "31.9", "33"]))
                daemon = made.start()
                if number in (1, 2):
                    with polling(made):
                        some_time(rng, 0.2)
                        assert daemon.end() == 0
                    daemon = made.start()
            hex_.change("fault/clear")
            for credits in ("31.8", "32.4", "31.9", "32.4"):
                hex_.change("credits", thread_id="main", credits=credits)
                poll_well(made)
            # A claim whose answer the kill swallowed is free again when its lease of 30 s has run out.
            wait_until(lambda: tray.shown and tray.all_confirmed, "the notice is shown and confirmed", 45)
            made.start(ready=False).wait()  # A second daemon changes nothing either.
            poll_well(made)
        alerts = made.client.get("/v1/alerts")["alerts"]
        assert [(alert["kind"], alert["level"], alert["meter"]) for alert in alerts if alert["kind"] != "blind"] == [
            ("used", 80, "grant:ed@acme.test")
        ]
        assert [notice["alerts"] for notice in tray.shown] == [[alert["id"] for alert in alerts]]
        assert tray.given_again == Counter()
        assert [delivery["state"] for alert in alerts for delivery in alert["deliveries"]] == ["handed_over"]
        assert "Traceback" not in made.said()


DIES_ONCE_CALIBRATED = """
import os, signal, sys
from hexmeter.cli.main import main
from hexmeter.store.roster import Roster
calibrate = Roster.calibrate
def die(*figures):
    calibrate(*figures)
    os.kill(os.getpid(), signal.SIGKILL)
Roster.calibrate = die
sys.exit(main(["daemon"]))
"""


def test_a_calibration_that_crosses_a_level_is_told_once_though_the_daemon_dies_before_it_is(
    hex_: Hex, tmp_path: Path
) -> None:
    """The figure is stored, then the forecasts take their time, then alerts are decided: the kill is in between."""
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", plan() + ED + QUICK + "[alerts]\nused = [80]\n") as made:
        with subprocess.Popen([sys.executable, "-c", DIES_ONCE_CALIBRATED], env=made.variables()) as dying:
            try:
                wait_until(made.answers, "the daemon answers", 30)
                poll_well(made)
                assert made.ask("calibrate", "ed@acme.test", "--used", "33").code == 5
                assert dying.wait(10) == -signal.SIGKILL
            finally:
                dying.kill()
        assert made.query("SELECT used_micro FROM calibrations") == [(33_000_000,)]
        assert made.query("SELECT count(*) FROM alerts") == [(0,)]
        for _ in range(2):
            daemon = made.start()
            for _ in range(3):
                poll_well(made)
            assert daemon.end() == 0
        assert made.query("SELECT kind, level FROM alerts") == [("used", "80")]
        assert made.query("SELECT channel FROM deliveries") == [("desktop",)]
