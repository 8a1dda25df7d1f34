"""The fault matrix: for each fault of Hex's what is logged, what is stored, and when the next request goes out."""

import logging
import random
import re
from dataclasses import dataclass
from itertools import pairwise

import pytest

from hexmeter.core.instants import DAY_MS, MINUTE_MS, SECOND_MS
from hexmeter.hex import errors
from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.hex.simulator.misbehaviour import _HTML
from hexmeter.hex.simulator.world import World
from hexmeter.service.polling.plan import again_in_ms
from hexmeter.service.polling.poll import Outcome

from .bench import INTERVAL_MS, TEAM, Bench, add, micro, patience
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
PLENTY = "[poll]\nrequests_per_minute = 100000\nrequests_per_hour = 1000000\n"
FIRST, SECOND, OLD = "t-0", "t-1", "t-150"
"""Threads that grow while the fault lasts: two on the newest page, and one that only the sweep sees. Faults of single
items spoil every third on a page, the first being FIRST."""

NEWEST = frozenset({FIRST, SECOND})
_DICE = random.Random(1)
BACKOFF = (_DICE.randint(0, 2_000), _DICE.randint(0, 4_000))
"""How long the first two waits without Retry-After are, by the bench's seed."""

RETRY_MS = 20 * SECOND_MS


@dataclass(frozen=True)
class Row:
    """A fault, and what follows from it.

    `log`: all that is logged at the level of information and above. `waits_ms`: the pauses between the requests for the
    first page. `next_ms`: how long after the poll's last request the next poll's first goes out, while the fault lasts;
    None: not within a day. `stored`: the threads whose new figure is in the ledger. `most_a_minute`: what is learned
    for later requests.
    """

    log: tuple[str, ...]
    waits_ms: tuple[int, ...] = ()
    next_ms: int | None = RETRY_MS
    stored: frozenset[str] = frozenset()
    most_a_minute: int | None = None
    ok: bool = False


def failed(
    error: type[errors.HexError],
    said: str,
    waits_ms: tuple[int, ...] = (),
    next_ms: int | None = RETRY_MS,
    stored: frozenset[str] = frozenset(),
    most_a_minute: int | None = None,
) -> Row:
    """A poll that fails: each pause is said, and at the end what it failed for and what to try."""
    pauses = [f"{said}; asking again in {wait_ms / 1000:.1f} s" for wait_ms in waits_ms]
    return Row((*pauses, f"poll failed: {said} ({error.hint})"), waits_ms, next_ms, stored, most_a_minute)


def left_out(why: str) -> Row:
    """Every third thread of each page costs itself; five a page are named. The poll is good."""
    lines: list[str] = []
    for start, more in ((0, 29), (100, 29), (200, 5)):
        lines += [f"left out thread t-{start + number}: creditsUsed: {why}" for number in (0, 3, 6, 9, 12)]
        lines.append(f"and {more} more of that page")
    return Row(
        (
            *lines,
            "poll: 3 requests, 152 threads seen, 2 rows of usage (2 credits) added, 78 items left out",
        ),
        next_ms=INTERVAL_MS,
        stored=frozenset({SECOND, OLD}),
        ok=True,
    )


def answered(status: int, words: str) -> str:
    return f"Hex answered GET /threads with {status}: {words}"


LIMITED = answered(429, "Rate limit exceeded")
CIRCLE = "Hex's list of threads leads round in a circle: its cursor repeats, or brings nothing older"

MATRIX = {
    "301": failed(errors.Redirected, "Hex answered GET /threads with 301 to /elsewhere; redirects are not followed"),
    "400": failed(errors.BadRequest, answered(400, "Invalid input data: something was wrong with it")),
    "401": failed(errors.TokenRefused, answered(401, "Authorization not provided"), next_ms=None),
    "403": failed(errors.Forbidden, answered(403, "Insufficient access")),
    "404": failed(errors.NotFound, answered(404, "Not found")),
    "429-seconds=7": failed(errors.RateLimited, LIMITED, (7_000, 7_000), most_a_minute=6),
    "429-date=7": failed(errors.RateLimited, LIMITED, (7_000, 7_000), most_a_minute=6),
    "429-none": failed(errors.RateLimited, LIMITED, BACKOFF, most_a_minute=6),
    "429-seconds=1800": failed(errors.RateLimited, LIMITED, next_ms=30 * MINUTE_MS, most_a_minute=11),
    "500": failed(errors.ServerError, answered(500, "Internal server error"), BACKOFF),
    "502": failed(errors.ServerError, "Hex answered GET /threads with 502", BACKOFF),
    "503": failed(errors.ServerError, answered(503, "Service unavailable: The service is being restarted."), BACKOFF),
    "timeout": failed(errors.Unreachable, "Hex did not answer GET /threads in time", BACKOFF),
    "refuse": failed(
        errors.Unreachable,
        "cannot reach Hex for GET /threads: Server disconnected without sending a response.",
        BACKOFF,
    ),
    "reset": failed(errors.Unreachable, "cannot reach Hex for GET /threads: ReadError", BACKOFF),
    "truncated": failed(
        errors.Unreachable,
        "cannot reach Hex for GET /threads: peer closed connection without sending complete message body",
        BACKOFF,
    ),
    "gzip": failed(errors.BadAnswer, "Hex's answer to GET /threads cannot be unpacked"),
    "html": failed(errors.BadAnswer, f"Hex's answer to GET /threads is not JSON: {_HTML[:40]!r}"),
    "big=50000000": failed(errors.BadAnswer, "Hex's answer is larger than 8 MiB"),
    "empty-page": failed(errors.BadAnswer, CIRCLE),
    "cursor-loop": failed(errors.BadAnswer, CIRCLE, stored=NEWEST),
    "refused-cursor": Row(
        (
            "Hex no longer takes the sweep's cursor: the round begins anew",
            "poll: 2 requests, 100 threads seen, 2 rows of usage (2 credits) added, 0 items left out",
        ),
        next_ms=INTERVAL_MS,
        stored=NEWEST,
        ok=True,
    ),
    "nan": left_out("NaN is not a finite number of credits"),
    "negative": left_out("-3.5 is negative"),
    "huge": left_out("1e+308 is above 1000000000 credits"),
}
"""By the fault, as the simulator writes it."""


@pytest.mark.parametrize(("fault", "row"), MATRIX.items(), ids=MATRIX)
def test_a_fault_is_logged_stored_and_answered_with_patience(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture, fault: str, row: Row
) -> None:
    watching = watch(make_bench, fault)
    before, rows_before, sent = figures(watching), usage_rows(watching), len(watching.sim.requests)
    watching.sim.faults.arm(parse_fault(f"{fault}@/threads"))
    for thread in (FIRST, SECOND, OLD):
        watching.world.grow(thread, micro("1"), watching.now_ms)
    with caplog.at_level(logging.INFO, "hexmeter"):
        outcome = watching.later()

    logged = [without_numbers(record.getMessage()) for record in caplog.records]
    assert [line for line in logged if not line.startswith("alert ")] == list(row.log)

    stored = figures(watching)
    assert {thread for thread in stored if stored[thread] != before[thread]} == row.stored
    assert usage_rows(watching) == rows_before + len(row.stored)
    last = watching.store.progress.last_poll()
    assert last is not None
    assert (last.ok, last.error is None, outcome.failure is None) == (row.ok,) * 3
    assert watching.store.progress.restraint().most_a_minute == row.most_a_minute

    first_page = [seen.at_ms for seen in watching.sim.requests[sent:] if "after" not in seen.query]
    assert tuple(later - at for at, later in pairwise(first_page)) == row.waits_ms
    assert next_request_ms(watching, outcome) == row.next_ms

    watching.sim.faults.clear()
    watching.restart()
    watching.later(DAY_MS)
    assert watching.later().failure is None
    watching.poll(whole=True)
    watching.assert_true()


def watch(make_bench: MakeBench, fault: str) -> Bench:
    """Three pages of threads that nobody's messages are read of, their history read, and a round of the sweep done."""
    world = World.empty()
    world.add_person("ada@acme.test", "ADMIN")
    world.add_person("ed@acme.test", "EDITOR")
    for number in range(230):
        add(world, "ed", 0.01 + number / 12, "0.5", thread_id=f"t-{number}", sensitive=True)
    watching = make_bench(world, "ada", EVERYONE + PLENTY, limits=patience(fault))
    watching.poll_until_read()
    watching.restart(EVERYONE)
    for _ in range(2):
        watching.later()
    return watching


def figures(watching: Bench) -> dict[str, int]:
    return dict(watching.query("SELECT id, credits_micro FROM threads"))


def usage_rows(watching: Bench) -> int:
    return int(watching.query("SELECT count(*) FROM usage")[0][0])


def without_numbers(line: str) -> str:
    """The line without a trace id, and without how many bytes came."""
    return re.sub(r" \((trace|received)[^)]*\)", "", line)


def next_request_ms(watching: Bench, outcome: Outcome) -> int | None:
    """How long after the last request the next goes out, when polls come as the schedule has them."""
    sent = len(watching.sim.requests)
    last_ms, failures = watching.sim.requests[-1].at_ms, 0
    while watching.now_ms - last_ms < DAY_MS:
        failures = failures + 1 if outcome.failure else 0
        retries = outcome.failure is not None and not outcome.failure.token_refused
        pause_ms = again_in_ms(failures, INTERVAL_MS) if retries else None
        outcome = watching.later(pause_ms or INTERVAL_MS)
        if len(watching.sim.requests) > sent:
            return watching.sim.requests[sent].at_ms - last_ms
    return None
