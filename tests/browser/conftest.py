"""One simulated workspace with its daemon, and a headless Chromium for a file's tests, each in a context of its own.

Playwright drives Debian's Chromium over its DevTools protocol: it waits by itself where Selenium is told when, and
needs no driver of the very version of the browser. Its own browsers are not downloaded.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from desktop import require
from running_daemon import Home, home
from simulator_process import SimulatorProcess, simulator_process

CHROMIUM = "chromium"
FLAGS = [
    *("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--no-first-run",
    # Whatever would leave this machine finds no way.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]
CONFIG = """\
[plan]
tier = "team"
timezone = "UTC"
[watch]
users = "everyone"
[poll]
every = "1h"
requests_per_minute = 100000
requests_per_hour = 10000000
[pool]
balance = 300
as_of = 2026-11-01
monthly_spend_limit = 120
[alerts]
used = [50, 80]
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A daemon that has read a simulated workspace."""

    hexs: SimulatorProcess
    home: Home

    def link(self) -> str:
        """A new link to the dashboard."""
        return str(self.home.client.post("/v1/dashboard")["url"])

    def grow(self, credits: str) -> None:
        """Let somebody spend so much, and the daemon see it."""
        email = self.home.client.get("/v1/usage", by="user")["rows"][0]["user"]
        self.hexs.change("grow", email=email, credits=credits)
        assert self.home.client.post("/v1/poll", timeout_s=60)["increases"] == 1


@dataclass
class Visit:
    """A page, what it asked for, and what its console said."""

    page: Page
    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def is_live(self) -> bool:
        """Whether the page has asked for changes. Playwright hears of it only while it is asked something itself."""
        return bool(self.page.title()) and any("/events" in url for url in self.requests)

    def foreign(self) -> list[str]:
        """The requests that went anywhere but to 127.0.0.1."""
        return [url for url in self.requests if urlsplit(url).hostname != "127.0.0.1"]


Visiting = Callable[..., Visit]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A workspace of twelve people with half a year's past, read to its end, and a few prompts that were seen since."""
    folder = tmp_path_factory.mktemp("served")
    with (
        simulator_process("--seed", "3", "--people", "12", "--rate-limit", "none") as hexs,
        home(folder, hexs.base_url, "hxtp_sim_admin", CONFIG) as made,
    ):
        made.start()
        assert made.ask("poll").code == 0
        seen = Served(hexs, made)
        for credits in ("0.4", "0.7", "1.1", "2.25", "6.5"):
            seen.grow(credits)
        yield seen


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window. Not for longer: Playwright's event loop runs in this thread meanwhile."""
    require(CHROMIUM)
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visiting]:
    """A function that opens an address in a browser of its own: its options are those of a context."""
    with ExitStack() as stack:

        def opened(url: str, **options: Any) -> Visit:
            context: BrowserContext = chromium.new_context(**options)
            stack.callback(context.close)
            made = Visit(context.new_page())
            context.on("request", lambda request: made.requests.append(request.url))
            context.on("console", lambda message: made.said.append(f"{message.type}: {message.text}"))
            made.page.on("pageerror", lambda error: made.said.append(str(error)))
            made.page.goto(url)
            return made

        yield opened
