"""Take the picture of the dashboard: the real page in Chromium, of a daemon that watches a simulated Hex.

Run from the checkout, with the test environment and Debian's chromium: .venv/bin/python docs/make_dashboard_picture.py
"""

import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "docs")]

from make_picture import WARNED, save  # noqa: E402 (the path is set above)

from running_daemon import Home, home  # noqa: E402
from simulator_process import simulator_process  # noqa: E402

SIZE = {"width": 1180, "height": 1000}
MARGIN, PERIOD_AGE_DAYS = 8, 19
CONFIG = """\
[plan]
tier = "team"
timezone = "Europe/Berlin"
reset_day = {reset_day}
[watch]
users = "everyone"
[pool]
balance = 260
as_of = {since}
monthly_spend_limit = 160
[poll]
every = "1h"
requests_per_minute = 100000
requests_per_hour = 1000000
"""


def main(target: Path) -> None:
    """Save the picture as `target`."""
    since = (datetime.now(UTC) - timedelta(days=PERIOD_AGE_DAYS)).replace(hour=0, minute=0, second=0)
    near = ["--near-limit", WARNED, "--grant", "40", "--since", since.strftime("%Y-%m-%dT00:00:00Z")]
    config = CONFIG.format(reset_day=since.day, since=since.date())
    with (
        tempfile.TemporaryDirectory(prefix="picture-") as name,
        simulator_process(*near, "--people", "24", "--rate-limit", "none") as hexs,
        home(Path(name), hexs.base_url, "hxtp_sim_admin", config) as made,
    ):
        made.start()
        made.ask("poll")
        picture = Path(name) / "picture.png"
        take(made, picture)
        save(picture, target)


def take(made: Home, picture: Path) -> None:
    """Save how the dashboard of a daemon looks."""
    link = str(made.client.post("/v1/dashboard")["url"])
    with sync_playwright() as playwright:
        flags = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(link)
        cards = page.locator(".cards").bounding_box()
        assert cards is not None
        clip = {"x": 0, "y": 0, "width": SIZE["width"], "height": cards["y"] + cards["height"] + MARGIN}
        page.screenshot(path=picture, clip=clip, full_page=True)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "dashboard.png")
