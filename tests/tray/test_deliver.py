"""Deliveries as timelines: a daemon and a notification service that fail in every way, and what is shown then."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from hexmeter.wire.client import ApiError, ClientError, DaemonAbsent
from hexmeter_tray.deliver import Courier, Step, decide, parse_notice, parse_shown
from hexmeter_tray.failures import CallFailed
from hexmeter_tray.notify import Notice

from .fake_daemon import notice

NOTICE = parse_notice(notice(17, 18))


@pytest.mark.parametrize(
    ("shown", "held", "step"),
    [
        pytest.param({}, False, Step.SHOW, id="new"),
        pytest.param({17, 18, 99}, False, Step.ALREADY_SHOWN, id="on the screen already"),
        pytest.param({17, 18}, True, Step.ALREADY_SHOWN, id="on the screen, service gone since"),
        pytest.param({17}, False, Step.SHOW, id="brings something new"),
        pytest.param({}, True, Step.GIVE_BACK, id="no service"),
    ],
)
def test_what_is_done_with_a_claimed_notice(shown: set[int], held: bool, step: Step) -> None:
    assert decide(NOTICE, shown, held=held) is step


def test_a_notice_is_made_harmless_and_keeps_its_lines() -> None:
    read = parse_notice(notice(1, title="\u202e80 %\x1b[1m", body="one\ntwo\x07", link=7, replaces=3))
    assert (read.title, read.body, read.link, read.replaces) == ("80 %[1m", "one\ntwo", None, 3)


@pytest.mark.parametrize(
    ("shown", "references"),
    [
        pytest.param(None, [], id="not told"),
        pytest.param(7, [], id="of another version"),
        pytest.param([7, {}, {"reference": "r", "deliveries": ["x"], "alerts": []}], [], id="odd entries"),
        pytest.param(
            [{"alerts": [3]}, {"reference": "r", "deliveries": [1], "alerts": [{"id": 7, "kind": "used"}]}],
            ["r"],
            id="one of them",
        ),
    ],
)
def test_what_an_earlier_process_has_shown_is_read_without_trust(shown: object, references: list[str]) -> None:
    assert list(parse_shown({"shown": shown}, None)) == references


@dataclass(slots=True)
class Daemon:
    """The calls a courier makes. `errors` are raised by the next calls of a path, None letting one pass."""

    waiting: list[dict[str, Any]] = field(default_factory=list)
    confirmed: list[tuple[tuple[int, ...], str]] = field(default_factory=list)
    errors: dict[str, list[ClientError | None]] = field(default_factory=dict)
    claimed: list[dict[str, Any]] = field(default_factory=list)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        errors = self.errors.get(path.rpartition("/")[2])
        error = errors.pop(0) if errors else None
        if error is not None:
            raise error
        if path == "/v1/deliveries/claim":
            answered, self.waiting = self.waiting, []
            self.claimed += answered
            return {"schema": 1, "notices": answered}
        assert path == "/v1/deliveries/confirm"
        deliveries, state = tuple(body["deliveries"]), body["state"]
        taken = [
            given for given in self.claimed if isinstance(given, dict) and given.get("deliveries") == [*deliveries]
        ]
        if not taken and (state == "pending" or (deliveries, "handed_over") not in self.confirmed):
            raise ApiError("conflict", "not claimed by you", "", 1)
        self.confirmed.append((deliveries, state))
        self.claimed = [given for given in self.claimed if given not in taken]
        self.waiting += taken if state == "pending" else []
        return {"schema": 1}

    def end_leases(self) -> None:
        """What was claimed and not confirmed waits again."""
        self.waiting, self.claimed = self.claimed + self.waiting, []


@dataclass(slots=True)
class Service:
    """A notification service: `present`, and answering only while `answering` is set."""

    shown: list[tuple[int, ...]] = field(default_factory=list)
    present: bool = True
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    on_answer: Callable[[Notice], object] = field(default=lambda _: None)

    async def show(self, given: Notice) -> str:
        if not self.present:
            raise CallFailed("nobody there")
        self.shown.append(given.deliveries)
        await self.answering.wait()
        self.on_answer(given)
        return f"bus service {len(self.shown)}"


class Scene:
    """A courier between the two."""

    def __init__(self, *, retry_s: float = 60.0) -> None:
        self.daemon = Daemon()
        self.service = Service()
        self.service.answering.set()
        self.courier = Courier(self.daemon.post, self.service, "tray-1", show_timeout_s=0.05, retry_s=retry_s)

    def event(self) -> None:
        """An alerts event of the daemon."""
        self.courier.on_alerts(len(self.daemon.waiting))

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the courier work until the condition holds."""
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 (the doubles have no event to wait for)
                await asyncio.sleep(0)

    async def idle(self) -> None:
        """Let the courier finish what it can."""
        await self.courier.finish(5)


ABSENT = DaemonAbsent("the daemon is not running")


def test_each_delivery_is_shown_once_and_confirmed() -> None:
    async def scene() -> None:
        it = Scene()
        it.daemon.waiting = [notice(1), notice(2, 3)]
        it.event()
        it.event()
        await it.idle()
        assert it.service.shown == [(1,), (2, 3)]
        assert it.daemon.confirmed == [((1,), "handed_over"), ((2, 3), "handed_over")]

    asyncio.run(scene())


@pytest.mark.parametrize("lease_ends", [False, True], ids=["lease still runs", "lease ran out"])
def test_a_daemon_that_dies_before_the_confirmation_is_told_when_it_is_back(lease_ends: bool) -> None:
    async def scene() -> None:
        it = Scene()
        it.daemon.waiting = [notice(1)]
        it.daemon.errors["confirm"] = [ABSENT]
        it.event()
        await it.idle()
        assert it.daemon.confirmed == []
        if lease_ends:
            it.daemon.end_leases()
        it.event()
        await it.idle()
        assert it.service.shown == [(1,)]
        assert it.daemon.confirmed == [((1,), "handed_over")]

    asyncio.run(scene())


def test_without_a_service_the_delivery_goes_back_until_one_appears() -> None:
    async def scene() -> None:
        it = Scene()
        it.service.present = False
        it.daemon.waiting = [notice(1), notice(2)]
        it.event()
        await it.idle()
        it.event()
        await it.idle()
        assert it.daemon.confirmed == [((1,), "pending"), ((2,), "pending")]
        it.service.present = True
        it.courier.on_available()
        await it.idle()
        assert it.service.shown == [(1,), (2,)]
        assert it.daemon.confirmed[2:] == [((1,), "handed_over"), ((2,), "handed_over")]

    asyncio.run(scene())


def test_without_word_of_a_service_it_is_tried_again_after_a_while() -> None:
    async def scene() -> None:
        it = Scene(retry_s=0.01)
        it.service.present = False
        it.daemon.waiting = [notice(1)]
        it.event()
        await it.until(lambda: it.daemon.confirmed)
        it.service.present = True
        await it.until(lambda: ((1,), "handed_over") in it.daemon.confirmed)
        assert it.service.shown == [(1,)]

    asyncio.run(scene())


def test_a_hung_service_gets_one_call_and_its_late_answer_counts() -> None:
    async def scene() -> None:
        it = Scene(retry_s=0.01)
        it.service.answering.clear()
        it.daemon.waiting = [notice(1), notice(2)]
        it.event()
        await it.until(lambda: len(it.daemon.confirmed) == 2)
        assert [state for _, state in it.daemon.confirmed] == ["pending", "pending"]
        for _ in range(3):
            it.event()
            await it.idle()
        assert it.service.shown == [(1,)]
        it.service.answering.set()
        await it.until(lambda: ((2,), "handed_over") in it.daemon.confirmed)
        assert it.service.shown == [(1,), (2,)]
        assert ((1,), "handed_over") in it.daemon.confirmed

    asyncio.run(scene())


def test_a_click_is_told_as_seen_also_after_a_restart_of_the_daemon() -> None:
    async def scene() -> None:
        it = Scene()
        it.daemon.waiting = [notice(1)]
        it.event()
        await it.idle()
        it.daemon.errors["confirm"] = [ABSENT]
        it.courier.on_seen(parse_notice(notice(1)))
        await it.idle()
        it.event()
        await it.idle()
        assert it.daemon.confirmed == [((1,), "handed_over"), ((1,), "seen")]

    asyncio.run(scene())


def test_a_notice_that_closes_before_it_is_confirmed_is_confirmed_all_the_same() -> None:
    async def scene() -> None:
        it = Scene()
        it.daemon.waiting = [notice(1), notice(2)]
        it.service.on_answer = lambda shown: it.courier.on_closed(shown) if 1 in shown.deliveries else None
        it.event()
        await it.idle()
        it.courier.on_closed(parse_notice(notice(2)))
        await it.idle()
        assert it.daemon.confirmed == [((1,), "handed_over"), ((2,), "handed_over"), ((2,), "closed")]

    asyncio.run(scene())


def test_a_busy_daemon_is_asked_again_though_it_says_nothing_new() -> None:
    async def scene() -> None:
        it = Scene(retry_s=0.01)
        it.daemon.waiting = [notice(1)]
        it.daemon.errors["claim"] = [ClientError("did not answer in time")]
        it.event()
        await it.until(lambda: it.daemon.confirmed)
        assert it.service.shown == [(1,)]

    asyncio.run(scene())


@pytest.mark.parametrize("odd", [{"deliveries": "x"}, {}, None, 7, "x"])
def test_an_unreadable_notice_does_not_stop_the_others(odd: Any) -> None:
    async def scene() -> None:
        it = Scene()
        it.daemon.waiting = [odd, notice(2)]
        it.event()
        await it.idle()
        assert it.daemon.confirmed == [((2,), "handed_over")]

    asyncio.run(scene())
