"""Run the commands that docs/ and the README show, in a simulated workspace at one fixed time, and write what they say.

A ```console block shows commands after "$ " with what they print; `| head -N` shows the first lines. A block
```alert NAME has the text of an alert. From the checkout, in the test environment: .venv/bin/python docs/make_output.py
"""

import asyncio
import contextlib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from core.test_every_text import TEXTS  # noqa: E402 (the path is set above)
from hexmeter.cli.main import main as hexmeter  # noqa: E402
from hexmeter.core.instants import DAY_MS, HOUR_MS  # noqa: E402
from hexmeter.hex.client import Limits  # noqa: E402
from hexmeter.hex.simulator.arrivals import keep_arriving, put_near_limit  # noqa: E402
from hexmeter.hex.simulator.history import generated  # noqa: E402
from hexmeter.hex.simulator.rates import UNLIMITED  # noqa: E402
from hexmeter.hex.simulator.running import Running, running_in_thread  # noqa: E402
from hexmeter.service.api.api import Api  # noqa: E402
from hexmeter.service.listen import listening  # noqa: E402
from hexmeter.wire import render  # noqa: E402
from hexmeter.wire.httpd import HttpServer  # noqa: E402
from service.bench import START_MS, Bench, FakeClock  # noqa: E402
from service.test_runs import sweep_to_the_end  # noqa: E402

NOW_MS = START_MS + 21 * HOUR_MS
"""Monday 23 November 2026, ten in the morning in Berlin."""

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_WATCHED_MS, _POLL_MS = 13 * DAY_MS, 4 * HOUR_MS
_PEOPLE, _PROMPTS_A_MINUTE = 12, 0.007
_OWNER, _IDLE = "olga.tran@acme.test", "ivy.ivanova@acme.test"
_MONTH_MS = 22 * DAY_MS + 10 * HOUR_MS
_PLAN = """\
[plan]
tier = "team"
timezone = "Europe/Berlin"
[poll]
every = "4h"
"""
_OWN = ("hxtp_sim_admin", f'{_PLAN}[watch]\nusers = "me"\n')
"""The token of somebody who watches their own credits, and the configuration."""

_ALL = (
    "hxtw_sim_workspace",
    f"""{_PLAN}[watch]
users = "everyone"
[pool]
balance = 250
as_of = 2026-11-01
monthly_spend_limit = 200
[prices]
seat = 28
[report]
every = "week"
""",
)
"""Those of somebody who looks after everybody's."""

_OF_ONE = frozenset({"getting-started.md"})
"""The pages that show one person's view."""

_BLOCK = re.compile(r"^```(console|alert [a-z_, ]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Run = Callable[[str], str]
Opens = Callable[[Path], contextlib.AbstractContextManager[Run]]


def shows(page: str) -> bool:
    """Whether a page shows any output."""
    return _BLOCK.search(page) is not None


def written(page: str, run: Run) -> str:
    """A page with what its commands print, and with the texts of its alerts."""
    return _BLOCK.sub(lambda block: f"```{block[1]}\n{_content(block[1], block[2], run)}```", page)


def _content(kind: str, content: str, run: Run) -> str:
    if kind != "console":
        text = TEXTS[kind.removeprefix("alert ")]
        return f"{text.title}\n{text.body}\n"
    commands = [line.removeprefix("$ ") for line in content.splitlines() if line.startswith("$ ")]
    return "\n".join(f"$ {command}\n{run(command)}" for command in commands)


@contextlib.contextmanager
def workspace(folder: Path) -> Iterator[Opens]:
    """A simulated workspace that was watched for two weeks. Gives what opens it for a page, as it is at first."""
    clock = FakeClock(START_MS - _WATCHED_MS, allowed_ms=400 * DAY_MS)
    world = generated(2, clock.now_ms(), people=_PEOPLE)
    since_ms = NOW_MS - _MONTH_MS
    put_near_limit(world, _OWNER, since_ms=since_ms, now_ms=clock.now_ms(), grant_micro=40_000_000, share=0.6)
    keep_arriving(world, 2, _PROMPTS_A_MINUTE, clock.now_ms())
    world.add_person(_IDLE, "EDITOR")
    with running_in_thread(world, rates=UNLIMITED, clock=clock.now_ms) as sim:
        with contextlib.ExitStack() as stack:
            own = stack.enter_context(_watching(sim, clock, folder / "own", _OWN))
            everybody = stack.enter_context(_watching(sim, clock, folder / "all", _ALL))
            _let_time_pass(clock, own, everybody)

        @contextlib.contextmanager
        def opened(page: Path) -> Iterator[Run]:
            view, token = ("own", _OWN) if page.name in _OF_ONE else ("all", _ALL)
            with tempfile.TemporaryDirectory(prefix="hexmeter-docs-") as name:
                copy = Path(name) / "copy"
                shutil.copytree(folder / view, copy)
                with _watching(sim, FakeClock(NOW_MS, allowed_ms=400 * DAY_MS), copy, token) as watching:
                    yield lambda command: _run(watching, command)

        yield opened


@contextlib.contextmanager
def _watching(sim: Running, clock: FakeClock, folder: Path, view: tuple[str, str]) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    made = Bench(sim, clock, folder, *view, Limits(connect_s=20.0, read_s=20.0, whole_s=40.0))
    try:
        yield made
    finally:
        made.close()
        made.loop.close()


def _let_time_pass(clock: FakeClock, own: Bench, everybody: Bench) -> None:
    """Poll until it is now; the projects are read once, shortly before."""
    for watching in (own, everybody):
        watching.poll_until_read()
    for until_ms in (NOW_MS - _POLL_MS, NOW_MS):
        while clock.at_ms < until_ms:
            clock.advance(min(_POLL_MS, until_ms - clock.at_ms))
            assert own.poll().failure is None
            assert everybody.poll().failure is None
        if until_ms < NOW_MS:
            sweep_to_the_end(everybody)


class _Then(datetime):
    """The time that the pages tell of, for what asks the machine's clock."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.fromtimestamp(NOW_MS / 1000, tz)


def _run(watching: Bench, command: str) -> str:
    """What one command prints."""
    command, _, head = command.partition(" | head -")
    name, *arguments = shlex.split(command, comments=True)
    assert name == "hexmeter", f"only hexmeter is run: {command}"
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")

    async def ask() -> None:
        api, socket = Api(watching.daemon), watching.folder / "api.sock"
        async with listening(HttpServer(api.handle), socket, own_folder=False):
            await asyncio.to_thread(hexmeter, arguments)

    config = watching.folder / "config.toml"
    config.write_text(f'{watching.toml}[api]\nsocket = "{watching.folder / "api.sock"}"\n', encoding="utf-8")
    then = mock.patch.object(time, "time_ns", return_value=NOW_MS * 1_000_000)
    environ = mock.patch.dict(os.environ, {"HEXMETER_CONFIG": str(config), "COLUMNS": "110", "TZ": "Europe/Berlin"})
    now = mock.patch.object(render, "datetime", _Then)
    with then, environ, now, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        watching.run(ask())
    out.seek(0)
    lines = out.readlines()
    return "".join(lines[: int(head)] if head else lines)


def main() -> None:
    """Write all pages anew."""
    with tempfile.TemporaryDirectory(prefix="hexmeter-docs-") as name, workspace(Path(name)) as opened:
        for path in PAGES:
            text = path.read_text(encoding="utf-8")
            if shows(text):
                with opened(path) as run:
                    path.write_text(written(text, run), encoding="utf-8")
                print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
