"""The schedule: what a tick does, after a sleep of the machine, while a poll hangs, and when nothing can be stored."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from hexmeter.core.instants import HOUR_MS, MINUTE_MS
from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.service.app import PollLoop
from hexmeter.service.servicemanager import ServiceManager

from .bench import INTERVAL_MS, Bench, add, micro, small_world
from .conftest import MakeBench

EVERYONE = '[plan]\ntier = "team"\ntimezone = "UTC"\n[watch]\nusers = "everyone"\n'


@pytest.fixture
def watching(make_bench: MakeBench) -> Bench:
    made = make_bench(small_world(), "ada", EVERYONE)
    made.poll_until_read()
    return made


async def tick(loop: PollLoop) -> None:
    """What the scheduler does each interval; the poll runs to its end."""
    await loop._tick()
    assert loop._task is not None
    await loop._task


def schedule(watching: Bench) -> PollLoop:
    async def make() -> PollLoop:
        return PollLoop(watching.daemon, ServiceManager({}), asyncio.Event())

    return watching.run(make())


def test_after_a_sleep_of_the_machine_nobody_is_blind(watching: Bench) -> None:
    loop = schedule(watching)
    watching.run(tick(loop))
    watching.clock.advance(8 * HOUR_MS)
    watching.world.grow("ed-new", micro("1"), watching.now_ms)
    watching.run(tick(loop))
    assert watching.alerts() == []
    assert watching.used("ed@acme.test") == 12.77


def test_a_clock_that_is_set_forward_by_hours_blinds_nobody(watching: Bench) -> None:
    loop = schedule(watching)
    watching.run(tick(loop))
    watching.clock.at_ms += 8 * HOUR_MS
    watching.run(tick(loop))
    assert watching.alerts() == []


def test_after_a_sleep_three_intervals_without_a_good_poll_are_told(watching: Bench) -> None:
    loop = schedule(watching)
    watching.clock.advance(8 * HOUR_MS)
    watching.sim.faults.arm(parse_fault("400"))
    for _ in range(3):
        watching.run(loop._tick())
        watching.run(drained(loop))
        assert watching.alerts() == []
        watching.clock.advance(INTERVAL_MS)
    watching.run(loop._tick())
    watching.run(drained(loop))
    assert watching.alerts() == [("blind", None, None, "firing")]


async def drained(loop: PollLoop) -> None:
    """Let the poll come to its end, without the retry that follows a failure."""
    loop._after = lambda outcome: None  # type: ignore[method-assign]
    assert loop._task is not None
    await loop._task


def test_a_tick_while_a_poll_hangs_begins_no_other(watching: Bench) -> None:
    watching.sim.faults.arm(parse_fault("timeout@/threads"))
    loop = schedule(watching)
    asked = len(watching.requests())

    async def ticks() -> None:
        for _ in range(5):
            await loop._tick()
            watching.clock.advance(INTERVAL_MS)
        assert loop._task is not None
        loop._task.cancel()
        await asyncio.gather(loop._task, return_exceptions=True)

    watching.run(ticks())
    assert len(watching.requests()) - asked <= 1
    assert watching.alerts() == [("blind", None, None, "firing")]


def test_a_tick_while_nothing_can_be_stored_is_said_and_the_next_one_polls(
    watching: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    watching.store.database.connection.execute("PRAGMA busy_timeout = 1")
    loop = schedule(watching)
    with closing(sqlite3.connect(watching.folder / "hexmeter.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        watching.run(tick(loop))
    assert [record.getMessage().split(": ", 1)[1] for record in caplog.records if record.levelname == "ERROR"] == [
        "database is locked (is the disk full?)"
    ]
    watching.world.grow("ed-new", micro("1"), watching.now_ms)
    watching.run(tick(loop))
    assert watching.used("ed@acme.test") == 12.77
    watching.assert_true()


def test_no_tick_begins_a_poll_once_the_end_has_come(watching: Bench) -> None:
    async def end() -> None:
        stop = asyncio.Event()
        loop = PollLoop(watching.daemon, ServiceManager({}), stop)
        stop.set()
        await loop._tick()
        assert loop._task is None

    watching.run(end())


def test_after_a_sleep_of_the_machine_the_next_poll_comes_at_once(watching: Bench) -> None:
    loop = schedule(watching)
    watching.run(tick(loop))
    asked = len(watching.sim.requests)
    watching.run(loop._look())
    assert len(watching.sim.requests) == asked
    watching.clock.sleep(HOUR_MS)
    watching.run(loop._look())
    watching.run(drained(loop))
    assert len(watching.sim.requests) > asked


@pytest.mark.parametrize(
    ("toml", "ask", "until"),
    [
        pytest.param("", "snooze", "1h", id="a snooze"),
        pytest.param("", "pause", "1h", id="a pause"),
        pytest.param('[alerts]\nquiet_hours = "11:00-13:00"\n', "", "", id="the quiet hours"),
    ],
)
def test_what_waits_for_a_time_is_not_late_for_a_long_interval(
    make_bench: MakeBench, toml: str, ask: str, until: str
) -> None:
    world = small_world()
    add(world, "eve", 1, "33")
    watching = make_bench(world, "ada", f'{EVERYONE}{toml}[poll]\nevery = "6h"\n')
    watching.poll_until_read()
    now_ms = watching.now_ms
    if ask == "snooze":
        watching.daemon.attending.snooze(1, until, now_ms)
    elif ask == "pause":
        watching.daemon.attending.pause(until, now_ms)
    loop, asked = schedule(watching), len(watching.sim.requests)
    watching.clock.advance(59 * MINUTE_MS)
    watching.run(loop._look())
    assert len(watching.sim.requests) == asked
    watching.clock.advance(MINUTE_MS)
    watching.run(loop._look())
    watching.run(drained(loop))
    assert len(watching.sim.requests) > asked
    assert watching.daemon.documents.standing(watching.now_ms)["pending"] == 1


def test_who_waits_for_a_poll_shares_it_with_those_who_asked_before_it_began(watching: Bench) -> None:
    async def asked_at_once() -> int:
        outcomes = await asyncio.gather(*(watching.daemon.poll_whole() for _ in range(20)))
        return len({id(outcome) for outcome in outcomes})

    assert watching.run(asked_at_once()) == 1


def test_who_asks_while_a_poll_runs_waits_for_a_poll_of_their_own(watching: Bench) -> None:
    async def asked_meanwhile() -> bool:
        first = asyncio.create_task(watching.daemon.poll_whole())
        for _ in range(3):
            await asyncio.sleep(0)
        assert watching.daemon.busy
        second = asyncio.create_task(watching.daemon.poll_whole())
        return await first is not await second

    assert watching.run(asked_meanwhile())


class Heard(ServiceManager):
    """A service manager that writes down what it is told."""

    def __init__(self) -> None:
        super().__init__({})
        self.words: list[str] = []

    def tell(self, *words: str) -> None:
        self.words += words


def test_the_watchdog_is_fed_while_a_poll_gets_on_and_not_while_it_hangs(watching: Bench) -> None:
    heard = Heard()

    async def live() -> None:
        loop = PollLoop(watching.daemon, heard, asyncio.Event())
        await loop._feed()
        assert heard.words == ["WATCHDOG=1"]
        # A poll that neither waits for its budget nor asks anything: it holds the daemon's one turn.
        async with watching.daemon._polling:
            for _ in range(9):
                watching.clock.advance(MINUTE_MS)
                loop._ticked_ms = watching.clock.uptime_ms()
                await loop._feed()
        assert heard.words.count("WATCHDOG=1") == 5
        await loop._feed()
        assert heard.words.count("WATCHDOG=1") == 6

    watching.run(live())


def test_the_watchdog_is_not_fed_when_no_ticks_come(watching: Bench) -> None:
    heard = Heard()

    async def live() -> None:
        loop = PollLoop(watching.daemon, heard, asyncio.Event())
        watching.clock.advance(3 * INTERVAL_MS)
        await loop._feed()
        assert heard.words == []

    watching.run(live())
