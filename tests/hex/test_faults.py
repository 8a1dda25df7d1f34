"""The fault matrix: whatever Hex does, a typed error or what remains usable, in few requests and known waits."""

import random
import socket

import pytest

from hexmeter.core.instants import DAY_MS, MINUTE_MS
from hexmeter.hex.errors import (
    BadAnswer,
    BadRequest,
    Forbidden,
    Held,
    HexError,
    NotFound,
    RateLimited,
    Redirected,
    ServerError,
    TokenRefused,
    Unreachable,
)
from hexmeter.hex.simulator.misbehaviour import _HTML

from .conftest import SEED, Bench

_DICE = random.Random(SEED)
BACKOFF = [_DICE.randint(0, 2_000), _DICE.randint(0, 4_000)]
"""How long the first two waits without Retry-After are, by the pacer's seed."""

THREADS = "/api/v1/threads"


def said(status: int, words: str) -> str:
    return f"Hex answered GET /threads with {status}: {words}"


@pytest.mark.parametrize(
    ("spec", "kind", "message", "waits", "asked"),
    [
        pytest.param(
            *("301", Redirected, "Hex answered GET /threads with 301 to /elsewhere; redirects are not followed", [], 1),
            id="a redirect",
        ),
        pytest.param(
            "400", BadRequest, said(400, "Invalid input data: something was wrong with it"), [], 1, id="bad request"
        ),
        pytest.param("401", TokenRefused, said(401, "Authorization not provided"), [], 1, id="token refused"),
        pytest.param("403", Forbidden, said(403, "Insufficient access"), [], 1, id="forbidden"),
        pytest.param("404", NotFound, said(404, "Not found"), [], 1, id="not found"),
        pytest.param(
            *("429-seconds=7", RateLimited, said(429, "Rate limit exceeded"), [7_000, 7_000], 3), id="429 in seconds"
        ),
        pytest.param("429-date=7", RateLimited, said(429, "Rate limit exceeded"), [7_000, 7_000], 3, id="429 by date"),
        pytest.param("429-none", RateLimited, said(429, "Rate limit exceeded"), BACKOFF, 3, id="429 without a time"),
        pytest.param(
            "429-seconds=90",
            RateLimited,
            said(429, "Rate limit exceeded"),
            [90_000, 90_000],
            3,
            id="as long as we wait",
        ),
        pytest.param("429-seconds=91", RateLimited, said(429, "Rate limit exceeded"), [], 1, id="longer than we wait"),
        pytest.param("500", ServerError, said(500, "Internal server error"), BACKOFF, 3, id="500"),
        pytest.param("502", ServerError, "Hex answered GET /threads with 502", BACKOFF, 3, id="a proxy's page"),
        pytest.param(
            *("503", ServerError),
            said(
                503,
                "Service unavailable: The service is being restarted. (trace d1bd2d59d8b6ca3b1ea2ecdbc1bcf5e6)",
            ),
            *(BACKOFF, 3),
            id="503 in the other shape",
        ),
        pytest.param("timeout", Unreachable, "Hex did not answer GET /threads in time", BACKOFF, 3, id="no answer"),
        pytest.param(
            *("refuse", Unreachable),
            "cannot reach Hex for GET /threads: Server disconnected without sending a response.",
            *(BACKOFF, 3),
            id="closed at once",
        ),
        pytest.param(
            "reset", Unreachable, "cannot reach Hex for GET /threads: ReadError", BACKOFF, 3, id="reset halfway"
        ),
        pytest.param(
            *("truncated", Unreachable),
            "cannot reach Hex for GET /threads: peer closed connection without sending complete message body",
            *(BACKOFF, 3),
            id="cut short",
        ),
        pytest.param("gzip", BadAnswer, "Hex's answer to GET /threads cannot be unpacked", [], 1, id="junk for gzip"),
        pytest.param(
            *("html", BadAnswer, f"Hex's answer to GET /threads is not JSON: {_HTML[:40]!r}", [], 1),
            id="a page for JSON",
        ),
        pytest.param("big=50000000", BadAnswer, "Hex's answer is larger than 2 MiB", [], 1, id="50 MB"),
    ],
)
def test_a_fault_is_a_typed_error(
    bench: Bench, spec: str, kind: type[HexError], message: str, waits: list[int], asked: int
) -> None:
    bench.arm(f"{spec}@/threads")
    with pytest.raises(HexError) as error:
        bench.asker.ask(lambda hexapi: hexapi.threads(None))
    assert type(error.value) is kind
    assert _without_trace_and_count(str(error.value)) == _without_trace_and_count(message)
    assert (bench.asker.clock.waits_ms, bench.paths) == (waits, [THREADS] * asked)
    assert len(bench.asker.journal.sent_ms) == asked
    assert error.value.hint


def _without_trace_and_count(message: str) -> str:
    return message.partition(" (")[0]


@pytest.mark.parametrize(
    ("specs", "waits"),
    [
        pytest.param(["429-seconds=7:1"], [7_000], id="a pause Hex asked for"),
        pytest.param(["429-seconds=0:2"], [], id="a pause of nothing"),
        pytest.param(["500:1", "reset:1"], BACKOFF, id="two that pass by themselves"),
        pytest.param(["timeout:1", "429-date=60:1"], [BACKOFF[0], 61_000 - BACKOFF[0]], id="each by its own pause"),
    ],
)
def test_what_passes_by_itself_is_asked_again(bench: Bench, specs: list[str], waits: list[int]) -> None:
    bench.arm(*specs)
    answer = bench.asker.ask(lambda hexapi: hexapi.threads(None))
    assert [thread.id for thread in answer.value.items] == [f"t{number}" for number in reversed(range(8))]
    assert bench.asker.clock.waits_ms == waits
    assert answer.look.number == len(bench.paths) == len(waits) + 1 + (specs == ["429-seconds=0:2"]) * 2


NOT_FINITE = "creditsUsed: NaN is not a finite number of credits"
SPOILT = [7, 4, 1]
"""The threads that are every third on the page, newest first."""


@pytest.mark.parametrize(
    ("kind", "left_out"),
    [
        pytest.param("nan", dict.fromkeys(SPOILT, NOT_FINITE), id="NaN"),
        pytest.param("negative", dict.fromkeys(SPOILT, "creditsUsed: -3.5 is negative"), id="negative"),
        pytest.param(
            "huge", dict.fromkeys(SPOILT, "creditsUsed: 1e+308 is above 1000000000 credits"), id="beyond all measure"
        ),
        pytest.param("null-fields", dict.fromkeys(SPOILT, "createdAt is missing, not an instant"), id="nulls"),
        pytest.param(
            "wrong-types",
            {
                7: "creditsUsed is '12.5', not a number",
                None: "id is missing, not an id",
                5: "createdAt is 'the other day', not an instant",
                4: "userId is 17, not an id",
                0: "creditsUsed: {'value': 1} is not a number of credits",
            },
            id="wrong types",
        ),
        pytest.param("unknown", {}, id="words and fields nobody has heard of"),
    ],
)
def test_a_bad_item_costs_itself_alone(bench: Bench, kind: str, left_out: dict[int | None, str]) -> None:
    bench.arm(kind)
    page = bench.asker.ask(lambda hexapi: hexapi.threads(None)).value
    missing = [6 if number is None else number for number in left_out]
    assert [thread.id for thread in page.items] == [f"t{n}" for n in reversed(range(8)) if n not in missing]
    assert {thread.credits_micro for thread in page.items} == {1_000_000}
    assert sorted(page.warnings) == sorted(
        f"left out thread {'None' if number is None else f't{number}'}: {why}" for number, why in left_out.items()
    )
    assert (page.size, page.next_cursor) == (8, None)


def test_unknown_words_are_kept_as_they_are(bench: Bench) -> None:
    bench.arm("unknown")
    thread = bench.asker.ask(lambda hexapi: hexapi.thread("t1")).value
    assert (thread.id, thread.type, thread.source) == ("t1", "HOLODECK", "PIGEON")
    people = bench.asker.ask(lambda hexapi: hexapi.people(None)).value
    assert {person.role for person in people.items} == {"OVERLORD"}


def test_a_bad_single_thread_is_a_bad_answer(bench: Bench) -> None:
    bench.arm("nan")
    with pytest.raises(BadAnswer) as error:
        bench.asker.ask(lambda hexapi: hexapi.thread("t1"))
    assert str(error.value) == f"Hex's answer about a thread cannot be used: {NOT_FINITE}"


def test_a_refused_cursor_is_a_bad_request(bench: Bench) -> None:
    bench.arm("refused-cursor")
    with pytest.raises(BadRequest):
        bench.asker.ask(lambda hexapi: hexapi.threads("dGhyZWFkczoy"))


def test_nobody_listening_is_unreachable(bench: Bench) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        bench.asker.base_url = f"http://127.0.0.1:{unused.getsockname()[1]}/api/v1"
        with pytest.raises(Unreachable) as error:
            bench.asker.ask(lambda hexapi: hexapi.me())
    assert str(error.value) == "cannot reach Hex for GET /users/me: All connection attempts failed"
    assert bench.asker.clock.waits_ms == BACKOFF


@pytest.mark.parametrize("restarted", [False, True], ids=["running on", "after a restart"])
def test_a_long_pause_that_hex_asked_for_is_not_waited_for_but_obeyed(bench: Bench, restarted: bool) -> None:
    bench.arm("429-seconds=3600:1")
    with pytest.raises(RateLimited):
        bench.asker.ask(lambda hexapi: hexapi.me())
    if restarted:
        bench.asker.restart()
    bench.asker.clock.advance(30 * MINUTE_MS)
    with pytest.raises(Held, match="lasts another 30 minutes"):
        bench.asker.ask(lambda hexapi: hexapi.me())
    assert len(bench.sim.requests) == 1
    bench.asker.clock.advance(30 * MINUTE_MS)
    bench.asker.ask(lambda hexapi: hexapi.me())
    assert bench.asker.clock.waits_ms == []


def test_a_wrong_clock_of_hexs_holds_us_a_week_at_most(bench: Bench) -> None:
    bench.arm("429-date=99999999999:1")
    with pytest.raises(RateLimited) as error:
        bench.asker.ask(lambda hexapi: hexapi.me())
    assert error.value.retry_after_ms == 7 * DAY_MS
