"""Commands that make the daemon poll show on a terminal that they wait, and leave no trace of it."""

import asyncio
import os
import pty
import subprocess
import sys

import pytest

from hexmeter.wire.httpd import Answer, Request, Response
from hexmeter.wire.shapes import dump
from running_daemon import Home
from serving import serving

from .conftest import read_terminal

POLL = {"ok": True, "requests": 1, "threads": 2, "increases": 0, "credits": 0, "left_out": 0, "more": False}
METER = {
    "id": "grant",
    "kind": "grant",
    "limit": 40,
    "used": 12.5,
    "remaining": 27.5,
    "bound": "exact",
    "adjustment": 0,
}
ANSWERS = {
    "/v1/poll": POLL,
    "/v1/track": {"tracked": [], "added": [], "poll": POLL},
    "/v1/calibrate": {"meter": METER},
}
LINE = b"\r\x1b[KThe daemon asks Hex, as its budget of requests allows: 1 s"


@pytest.mark.parametrize(
    "command",
    [["poll"], ["track", "0190f0a0-0000-7000-8000-000000000000"], ["calibrate", "27.5"]],
    ids=lambda command: command[0],
)
def test_a_command_that_waits_for_a_poll_says_so_and_clears_the_line(admins: Home, command: list[str]) -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    seen = asyncio.Event()

    async def handler(request: Request) -> Answer:
        loops.append(asyncio.get_running_loop())
        await seen.wait()
        return Response(body=dump(ANSWERS[request.path]))

    admins.socket.parent.mkdir(mode=0o700)
    with serving(handler, path=admins.socket):
        ours, theirs = pty.openpty()
        run = [sys.executable, "-m", "hexmeter", *command]
        process = subprocess.Popen(run, env=admins.variables(), stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        drawn = b""
        while LINE not in drawn:
            drawn += read_terminal(ours)
            assert process.poll() is None, drawn
        loops[0].call_soon_threadsafe(seen.set)
        while chunk := read_terminal(ours):
            drawn += chunk
        os.close(ours)
        assert process.wait(timeout=20) == 0
    assert drawn.endswith(b"\r\x1b[K")


def test_without_a_terminal_nothing_is_drawn(admins: Home) -> None:
    admins.start()
    ran = admins.ask("poll")
    assert (ran.code, ran.err) == (0, "")
