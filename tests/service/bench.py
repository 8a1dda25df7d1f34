"""A daemon in this process on a simulated Hex over real HTTP: its own loop, a real database, and a clock we hold."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from hexmeter.config.load import parse
from hexmeter.config.token import Token
from hexmeter.core.budget import windows
from hexmeter.core.instants import DAY_MS, MINUTE_MS
from hexmeter.hex.client import HexClient, Limits
from hexmeter.hex.pacer import Pacer
from hexmeter.hex.simulator.jsontext import CREDIT
from hexmeter.hex.simulator.rates import UNLIMITED, Rates
from hexmeter.hex.simulator.running import Running, running_in_thread
from hexmeter.hex.simulator.world import World
from hexmeter.service.api.api import Api
from hexmeter.service.daemon import Daemon
from hexmeter.service.dashboard.listener import Dashboard
from hexmeter.service.polling.currenttoken import CurrentToken
from hexmeter.service.polling.poll import Outcome, Poller
from hexmeter.store.store import Store
from hexmeter.wire.httpd import Request, Response

START_MS = 1_795_348_800_000
"""Sunday 22 November 2026, noon in UTC."""

INTERVAL_MS = 5 * MINUTE_MS
_PATIENT = Limits(connect_s=10.0, read_s=10.0, whole_s=20.0)
_HASTY = Limits(connect_s=10.0, read_s=0.5, whole_s=20.0)

Value = TypeVar("Value")


@dataclass
class FakeClock:
    """A clock that stands until somebody waits on it or the test moves it; `allowed_ms` bounds what may be waited."""

    at_ms: int = START_MS
    up_ms: int = 1_000_000
    waited_ms: int = 0
    asleep_ms: int = 0
    allowed_ms: int = 2 * DAY_MS

    def now_ms(self) -> int:
        return self.at_ms

    def uptime_ms(self) -> int:
        return self.up_ms

    def slept_ms(self) -> int:
        return self.asleep_ms

    async def wait(self, for_ms: int) -> None:
        self.waited_ms += for_ms
        assert self.waited_ms <= self.allowed_ms, "it waits without end"
        self.advance(for_ms)
        await asyncio.sleep(0)

    def sleep(self, for_ms: int) -> None:
        """Let the machine sleep."""
        self.asleep_ms += for_ms
        self.advance(for_ms)

    def advance(self, by_ms: int) -> None:
        """Let time pass."""
        self.at_ms += by_ms
        self.up_ms += by_ms


@dataclass
class Bench:
    """One daemon after another on the same database; `restart` is what a new process would be."""

    sim: Running
    clock: FakeClock
    folder: Path
    token: str
    toml: str = ""
    limits: Limits = _PATIENT
    on_page: Callable[[], None] = lambda: None
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    daemon: Daemon = field(init=False)
    dashboard: Dashboard = field(init=False)
    """One for all daemons, as in a process that reloads; it shows what `Dashboard.serving` is entered with."""
    hexapi: HexClient = field(init=False)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.dashboard = Dashboard(self.clock)
        self._open()

    @property
    def world(self) -> World:
        """The simulated workspace."""
        return self.sim.world

    @property
    def now_ms(self) -> int:
        """The present."""
        return self.clock.at_ms

    def restart(self, toml: str | None = None) -> None:
        """End the daemon and begin another one on the same database, perhaps with another configuration."""
        self.close()
        self.toml = self.toml if toml is None else toml
        self._open()

    def close(self) -> None:
        """End the daemon."""
        self.run(self.hexapi.close())
        self.store.close()

    def run(self, coroutine: Coroutine[Any, Any, Value]) -> Value:
        """Run a coroutine of the daemon's; one that does not end within a minute fails the test."""
        return self.loop.run_until_complete(asyncio.wait_for(coroutine, 60))

    def poll(self, *, whole: bool = False) -> Outcome:
        """Poll once."""
        return self.run(self.daemon.poll(whole=whole))

    def poll_until_read(self) -> Outcome:
        """Poll until the history is complete; every poll must be good."""
        for _ in range(500):
            outcome = self.poll()
            assert outcome.failure is None, outcome.failure
            if not outcome.more:
                return outcome
        raise AssertionError("the history never ends")

    def later(self, by_ms: int = INTERVAL_MS) -> Outcome:
        """Let time pass, then poll."""
        self.clock.advance(by_ms)
        return self.poll()

    def status(self) -> dict[str, Any]:
        """The status document."""
        return self.daemon.documents.status(self.now_ms)

    def meter(self, email: str) -> dict[str, Any]:
        """The grant meter of `email`."""
        return next(meter for meter in self.status()["meters"] if meter["id"] == f"grant:{email}")

    def used(self, email: str) -> float | None:
        """What the meter of `email` says is used."""
        used: float | None = self.meter(email)["used"]
        return used

    def alerts(self) -> list[tuple[str, Any, str | None, str]]:
        """Kind, level, meter and state of all that was told, oldest first."""
        told = self.daemon.documents.alerts(self.now_ms)["alerts"]
        return [(alert["kind"], alert["level"], alert["meter"], alert["state"]) for alert in reversed(told)]

    def ask(self, method: str, path: str, body: bytes = b"", **query: str) -> tuple[int, dict[str, Any]]:
        """One request to the local API, without the socket."""
        answer = self.run(Api(self.daemon, None, self.dashboard).handle(Request(method, path, query, {}, body)))
        assert isinstance(answer, Response)
        document: dict[str, Any] = json.loads(answer.body)
        return answer.status, document

    def requests(self, since: int = 0) -> list[str]:
        """The requests Hex saw, from number `since` on, as METHOD and path below the API's."""
        return [f"{seen.method} {seen.path.removeprefix('/api/v1')}" for seen in self.sim.requests[since:]]

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        return [tuple(row) for row in self.store.database.connection.execute(sql, values).fetchall()]

    def ledger_by_user(self) -> dict[str | None, int]:
        """The ledger's sums of all time."""
        return dict(
            self.query(
                "SELECT t.user_id, sum(u.credits_micro) FROM usage u JOIN threads t ON t.id = u.thread_id"
                " GROUP BY t.user_id HAVING sum(u.credits_micro) != 0"
            )
        )

    def assert_sums(self) -> None:
        """For every thread the sum of its usage is its last seen figure."""
        assert (
            self.query(
                "SELECT t.id, t.credits_micro, sum(u.credits_micro) FROM threads t LEFT JOIN usage u"
                " ON u.thread_id = t.id GROUP BY t.id"
                " HAVING coalesce(sum(u.credits_micro), 0) != coalesce(t.credits_micro, 0)"
            )
            == []
        )

    def assert_true(self) -> None:
        """Every thread Hex shows has the figure that Hex reports, and every user's total is the truth."""
        self.assert_sums()
        shown = {
            thread.id: thread.reported_micro(self.now_ms)
            for thread in self.world.threads.values()
            if thread.deleted_ms is None
        }
        known = dict(self.query("SELECT id, credits_micro FROM threads"))
        wrong = {thread_id: (known.get(thread_id), true) for thread_id, true in shown.items()}
        assert {thread_id: pair for thread_id, pair in wrong.items() if pair[0] != pair[1]} == {}

    def _open(self) -> None:
        base = f'[hex]\nbase_url = "{self.sim.base_url}"\n'
        config = parse(base + self.toml, self.folder / "config.toml", self.folder / "hexmeter.db")
        self.store = Store.open(config.database)
        token = CurrentToken(lambda: Token(self.token))
        rates = windows(config.poll.requests_per_minute, config.poll.requests_per_hour)
        self.hexapi = HexClient(
            config.base_url, token, Pacer(rates, self.clock, self.store.progress, seed=1), self.clock, self.limits
        )
        self.daemon = Daemon(config, self.store, self.clock)
        self.daemon.use(Poller(config, self.store, self.clock, self.hexapi, token, self._page_was_read))

    def _page_was_read(self) -> None:
        self.daemon.note_page()
        self.on_page()


TEAM = '[plan]\ntier = "team"\ntimezone = "UTC"\n'
"""A plan in which an Editor has 40 credits from the first of the month, UTC."""


@contextmanager
def bench(
    folder: Path,
    world: World,
    who: str = "ada",
    toml: str = TEAM,
    *,
    rates: Rates = UNLIMITED,
    limits: Limits = _PATIENT,
) -> Iterator[Bench]:
    """A daemon on a simulated Hex that serves `world`; both live by one clock.

    `who` is the name of a person, whose token it has, or "workspace".
    """
    clock = FakeClock()
    token = world.workspace_token() if who == "workspace" else world.token_for(f"{who}@acme.test")
    with running_in_thread(world, rates=rates, clock=clock.now_ms) as sim:
        made = Bench(sim, clock, folder, token, toml, limits)
        try:
            yield made
        finally:
            made.run(made.dashboard.close())
            made.close()
            made.loop.close()


def patience(fault: str) -> Limits:
    """How long to wait for an answer: briefly where the fault is that none comes, and else long enough for a machine
    that is busy with other tests."""
    return _HASTY if fault.startswith("timeout") else _PATIENT


def small_world() -> World:
    """Acme: an admin, a manager, two editors and an explorer, with threads of this month and the last."""
    world = World.empty()
    for name, role in {"ada": "ADMIN", "max": "MANAGER", "ed": "EDITOR", "eve": "EDITOR", "xi": "EXPLORER"}.items():
        world.add_person(f"{name}@acme.test", role)
    add(world, "ed", 2, "3.27", thread_id="ed-new")
    add(world, "ed", 5, "8.5", thread_id="ed-old")
    add(world, "eve", 3, "1.000001", thread_id="eve-new")
    add(world, "xi", 1, "0.4", thread_id="xi-new")
    add(world, None, 4, "2.5", thread_id="nobodys")
    add(world, "ed", 40, "11", thread_id="ed-last-month")
    return world


def add(world: World, who: str | None, days_ago: float, credits: str | None, **fields: Any) -> str:
    """A thread of `who`@acme.test, made so many days before START_MS; its id."""
    email = None if who is None else f"{who}@acme.test"
    thread = world.add_thread(email, START_MS - round(days_ago * DAY_MS), micro(credits), **fields)
    return thread.id


def micro(credits: str | None) -> Any:
    """Credits as text, in micro-credits."""
    whole, _, fraction = (credits or "0").partition(".")
    return None if credits is None else int(whole) * CREDIT + int(fraction.ljust(6, "0"))
