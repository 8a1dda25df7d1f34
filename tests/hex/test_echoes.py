"""A Hex that echoes the token, sends numbers beyond measure, or nests without end."""

import asyncio
import json
import traceback
from collections.abc import AsyncIterator

import pytest

from builders import NOW_MS
from hexmeter.core.instants import to_iso
from hexmeter.hex.client import HexClient, Limits
from hexmeter.hex.errors import BadAnswer, HexError, Unreachable
from hexmeter.wire.httpd import Answer, Handler, Raw, Request, Response, Stream
from serving import serving

from .conftest import Asker

TOKEN = "hxtp_0123456789abcdef0123456789abcdef"


def always(answer: Answer) -> Handler:
    async def handler(request: Request) -> Answer:
        return answer

    return handler


def error(status: int, message: str) -> Response:
    return Response(status, json.dumps({"message": message}).encode())


ESCAPED = "".join(f"\\u{ord(mark):04x}" for mark in TOKEN)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(error(401, f"Unknown token {TOKEN}"), id="in an error"),
        pytest.param(error(403, "x" * 280 + TOKEN), id="where the error is cut"),
        pytest.param(error(403, TOKEN[:20] + "\u200b" + TOKEN[20:]), id="with an invisible mark in it"),
        pytest.param(Response(403, f'{{"message": "{ESCAPED}"}}'.encode()), id="escaped"),
        pytest.param(Response(403, f'{{"message": "{"x" * 280}{ESCAPED}"}}'.encode()), id="escaped, where it is cut"),
        pytest.param(Response(302, headers=(("Location", f"https://x.test/?token={TOKEN}"),)), id="in a redirect"),
        pytest.param(Response(302, headers=(("Location", "x" * 100 + TOKEN),)), id="in a long redirect"),
        pytest.param(Response(200, TOKEN.encode()), id="as the answer"),
        pytest.param(Response(200, b"x" * 30 + TOKEN.encode()), id="where the answer is cut"),
        pytest.param(Response(200, json.dumps({"threadId": TOKEN + " "}).encode()), id="as an id"),
        pytest.param(Response(200, json.dumps({"threadId": "t", "createdAt": TOKEN}).encode()), id="as an instant"),
        pytest.param(Raw(f"HTTP/1.1 {TOKEN}\r\n\r\n".encode()), id="as the status"),
        pytest.param(Raw(f"HTTP/1.1 200 OK\r\n{TOKEN}\r\n\r\n".encode()), id="as a header"),
    ],
)
def test_the_token_is_in_no_message(answer: Answer) -> None:
    with serving(always(answer)) as url:
        asker = Asker(url, TOKEN)
        with pytest.raises(HexError) as caught:
            asker.ask(lambda hexapi: hexapi.thread("t1"))
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert not [part for part in (TOKEN, TOKEN[:12], TOKEN[-12:]) if part in told]


def test_the_token_is_in_no_title() -> None:
    thread = {"id": "t1", "createdAt": to_iso(NOW_MS), "title": f"curl -H {TOKEN}", "creditsUsed": 1}
    with serving(always(Response(200, json.dumps(thread).encode()))) as url:
        answer = Asker(url, TOKEN).ask(lambda hexapi: hexapi.thread("t1"))
    assert answer.value.title == "curl -H …"


def test_a_short_made_up_token_takes_nothing_out_of_names_and_fields() -> None:
    thread = {"id": "t1", "createdAt": to_iso(NOW_MS), "title": "edit", "creditsUsed": 1, "userId": "u-ed"}
    with serving(always(Response(200, json.dumps(thread).encode()))) as url:
        answer = Asker(url, "ed").ask(lambda hexapi: hexapi.thread("t1"))
    seen = answer.value
    assert (seen.created_ms, seen.title, seen.user_id) == (NOW_MS, "edit", "u-ed")


@pytest.mark.parametrize(
    "credits", ["9" * 5_000, "1e" + "9" * 30, "-" + "9" * 5_000, "0." + "3" * 200_000, "-Infinity"]
)
def test_a_number_beyond_measure_costs_its_item_alone(credits: str) -> None:
    good = f'{{"id": "t1", "createdAt": "{to_iso(NOW_MS)}", "creditsUsed": 1}}'
    bad = good.replace("t1", "t2").replace('creditsUsed": 1', f'creditsUsed": {credits}')
    body = f'{{"threads": [{good}, {bad}], "pagination": {{"after": null}}}}'.encode()
    with serving(always(Response(200, body))) as url:
        page = Asker(url, TOKEN).ask(lambda hexapi: hexapi.threads(None)).value
    fine = credits.startswith("0.")
    assert [thread.id for thread in page.items] == (["t1", "t2"] if fine else ["t1"])
    assert len(page.warnings) == (0 if fine else 1)
    assert all(len(warning) < 200 for warning in page.warnings)


def test_no_depth_of_nesting_is_more_than_a_bad_answer() -> None:
    depths = iter([*range(850, 1_000, 7), 100_000])

    async def nested(request: Request) -> Answer:
        depth = next(depths)
        return Response(200, b'{"threads": [{"id": ' + b"[" * depth + b"]" * depth + b"}]}")

    async def ask_all(hexapi: HexClient) -> list[str]:
        said: list[str] = []
        for _ in range(23):
            try:
                said += (await hexapi.threads(None)).value.warnings
            except BadAnswer as error:
                said.append(str(error))
        return said

    with serving(nested) as url:
        said = Asker(url, TOKEN).ask(ask_all)
    assert len(said) == 23
    assert said[-1].startswith("Hex's answer to GET /threads is not JSON: ")


def test_a_cursor_that_cannot_be_sent_back_is_a_bad_answer() -> None:
    for after in ('"\\ud800"', '"a\\nb"', "7", '"' + "x" * 5_000 + '"'):
        body = b'{"threads": [], "pagination": {"after": ' + after.encode() + b"}}"
        with serving(always(Response(200, body))) as url, pytest.raises(BadAnswer) as caught:
            Asker(url, TOKEN).ask(lambda hexapi: hexapi.threads(None))
        assert str(caught.value) == "Hex's listing has a cursor that is not a text we can send back"


def test_an_answer_in_drops_is_given_up() -> None:
    async def drops() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.02)

    async def handler(request: Request) -> Answer:
        return Stream(drops(), "application/json")

    with serving(handler) as url, pytest.raises(Unreachable) as caught:
        Asker(url, TOKEN, limits=Limits(read_s=1, whole_s=0.1)).ask(lambda hexapi: hexapi.me())
    assert str(caught.value) == "Hex did not answer GET /users/me in time"
