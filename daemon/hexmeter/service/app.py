"""The composition root: a configuration becomes a running daemon, or one poll, and an exit code."""

import asyncio
import contextlib
import logging
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from hexmeter.config.model import Config
from hexmeter.core.budget import windows
from hexmeter.core.clock import Clock, SystemClock
from hexmeter.core.instants import MINUTE_MS
from hexmeter.hex.client import HexClient
from hexmeter.hex.pacer import Pacer
from hexmeter.service.api.api import Api
from hexmeter.service.daemon import Daemon
from hexmeter.service.dashboard.listener import Dashboard
from hexmeter.service.front import Front
from hexmeter.service.listen import listening
from hexmeter.service.metrics import serving
from hexmeter.service.polling.currenttoken import CurrentToken
from hexmeter.service.polling.plan import again_in_ms
from hexmeter.service.polling.poll import Outcome, Poller, PollFailure
from hexmeter.service.polling.runsweep import RunSweep
from hexmeter.service.refused import Refused
from hexmeter.service.reload import Reloader, current_token
from hexmeter.service.servicemanager import ServiceManager
from hexmeter.service.watch import WatchError
from hexmeter.store.database import WrongOrg, lock
from hexmeter.store.store import Store
from hexmeter.wire.httpd import HttpServer
from hexmeter.wire.shapes import SCHEMA, Failure

log = logging.getLogger(__name__)

EXIT_FAILED, EXIT_CONFIGURATION, EXIT_TOKEN_REFUSED = 1, 2, 3
_LOOK_EVERY_S = 30
_NAP_MS = 5_000
"""Timers stand still while the machine sleeps; after a sleep of this length the next poll comes at once."""

_UPKEEP_EVERY_S, _UPKEEP_AFTER_S = 3_600, 60
"""Hourly it is seen whether upkeep is due, first when the start's own work is done."""

_ASLEEP_INTERVALS = 2
"""No tick for so many intervals: the machine slept."""


_MOST_CLIENTS = 256
"""Clients of the local API at a time; more are answered that it is busy."""

_HUNG_MS = 5 * MINUTE_MS
"""A poll that neither waits for its budget nor asks anything for so long hangs: a request takes 90 s at most."""


class Fatal(Exception):
    """The daemon cannot go on; the message and `hint` are for its user, `exit_code` for the service manager."""

    def __init__(self, message: str, hint: str, exit_code: int) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code


Show = Callable[[dict[str, Any]], None]
"""Shows how far the first run is; see `Documents.progress`."""


async def run_once(config: Config, max_seconds: float | None, show: Show | None = None) -> int:
    """Poll until the history is complete, at most for `max_seconds`; the exit code. SIGTERM and SIGINT end it cleanly.

    Raises StoreError, WatchError and TokenError, and Fatal when a poll failed or was stopped before Hex answered.
    """
    clock = SystemClock()
    token = await current_token(config, clock)
    with _kept_store(config, clock) as store:
        async with _daemon(config, token, store, clock) as daemon:
            return await _once(daemon, max_seconds, show)


async def _once(daemon: Daemon, max_seconds: float | None, show: Show | None) -> int:
    daemon.logs_failures = False
    polling = asyncio.create_task(_poll_to_the_end(daemon))
    showing = asyncio.create_task(_show_progress(daemon, show)) if show else None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, polling.cancel)
    done, _ = await asyncio.wait({polling}, timeout=max_seconds)
    if showing is not None:
        showing.cancel()
    if done and not polling.cancelled():
        outcome = polling.result()
        await daemon.sender.send_due()
        if outcome.failure is None:
            await daemon.upkeep.run()
            return 0
        raise Fatal(outcome.failure.message, outcome.failure.hint, _exit_code(outcome.failure))
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    looked = daemon.store.progress.good_at_ms() is not None or daemon.documents.progress(0) is not None
    if not looked:
        raise Fatal("stopped before Hex had answered", "give it more time, or see the log", EXIT_FAILED)
    log.info("stopped; the next run goes on from here")
    return 0


async def look_once(config: Config, max_seconds: float, figure: dict[str, str] | None) -> tuple[dict[str, Any], bool]:
    """Poll once, and calibrate one's own grant by `figure` (`{"used": "12.5"}`), as far as `max_seconds` allow.

    Gives the status document, and whether there was time for all of it.

    Raises Refused when the poll or the calibration fails, StoreError and WatchError.
    """
    clock = SystemClock()
    token = await current_token(config, clock)
    with _kept_store(config, clock) as store:
        async with _daemon(config, token, store, clock) as daemon:
            finished = True
            try:
                # What was read until then is stored; a long history is for the daemon.
                async with asyncio.timeout(max_seconds):
                    await _look(daemon, figure or {})
            except TimeoutError:
                finished = False
            return {"schema": SCHEMA, **daemon.documents.status(clock.now_ms())}, finished


async def _look(daemon: Daemon, figure: dict[str, str]) -> None:
    if figure:
        ((name, amount),) = figure.items()
        await daemon.calibrate("grant", amount, is_used=name == "used")  # Which polls.
        return
    failure = (await daemon.poll()).failure
    if failure is not None:
        raise Refused(Failure("poll_failed", failure.message, failure.hint, _exit_code(failure)))


async def _show_progress(daemon: Daemon, show: Show) -> None:
    async for _ in daemon.changes():
        progress = daemon.documents.progress(daemon.clock.now_ms())
        if progress is not None:
            show(progress)


async def _poll_to_the_end(daemon: Daemon) -> Outcome:
    """Poll until no history is left, or a poll fails; how the last one went."""
    while (outcome := await daemon.poll(whole=True)).more and outcome.failure is None:
        progress = daemon.documents.progress(daemon.clock.now_ms())
        log.info("history: %d threads so far", progress["done"] if progress else 0)
    return outcome


async def run_forever(config: Config, socket_path: Path, *, own_folder: bool, reread: Callable[[], Config]) -> int:
    """Poll on a schedule and serve the local API until SIGTERM or SIGINT; the exit code.

    SIGHUP and the API take up what `reread` gives. Raises StoreError, TokenError, and Fatal for what no later poll can
    mend.
    """
    clock, manager = SystemClock(), ServiceManager(os.environ)
    token = await current_token(config, clock)  # Without any token nothing is begun.
    with _kept_store(config, clock, stays=True) as store:
        stop, front = asyncio.Event(), Front()
        reloader = Reloader(config, token, reread, clock)
        reloader.use(store.progress)
        _on_signals(stop, reloader)
        server = HttpServer(front.handle, max_clients=_MOST_CLIENTS)
        async with (
            listening(server, socket_path, own_folder=own_folder, group=config.api_group),
            Dashboard(clock) as dashboard,
        ):
            log.info("listening on %s", socket_path)
            while not stop.is_set():
                config = reloader.config
                async with (
                    _daemon(config, reloader.token, store, clock) as daemon,
                    serving(daemon),
                    dashboard.serving(daemon),
                ):
                    front.open(Api(daemon, reloader.reload, dashboard))
                    loop = PollLoop(daemon, manager, stop)
                    loop.start()
                    reloader.taken(config)
                    manager.tell("READY=1", "STATUS=polling Hex")
                    await _first_of(stop, reloader.wanted)
                    front.close()
                    manager.tell(*(("STOPPING=1",) if stop.is_set() else manager.reloading()))
                    await loop.stop()
            log.info("stopping")
    if loop.fatal is not None:
        raise loop.fatal
    return 0


def _on_signals(stop: asyncio.Event, reloader: Reloader) -> None:
    """SIGTERM and SIGINT end the daemon, SIGHUP reads the configuration anew."""
    running, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()

    def reload() -> None:
        task = running.create_task(reloader.reload_and_log())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(number, stop.set)
    running.add_signal_handler(signal.SIGHUP, reload)


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


class PollLoop:
    """The schedule: a poll each interval, at once again while history is left, soon again after a failure."""

    def __init__(self, daemon: Daemon, manager: ServiceManager, stop: asyncio.Event) -> None:
        self._daemon = daemon
        self._manager = manager
        self._stop = stop
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._task: asyncio.Task[None] | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._ticked_ms, self._ticked_at_ms = daemon.clock.uptime_ms(), daemon.clock.now_ms()
        self._slept_ms = daemon.clock.slept_ms()
        self._looked_ms = daemon.clock.now_ms()
        self._failures = 0
        self._unstored = False
        self._sent, self._moved_ms = 0, daemon.clock.uptime_ms()
        self.fatal: Fatal | None = None

    def start(self) -> None:
        """Begin, with a poll at once."""
        interval_s = self._daemon.config.poll.interval_ms / 1000
        # A late tick is taken whenever it comes, and several late ones are one.
        late: dict[str, Any] = {"misfire_grace_time": None, "coalesce": True}
        self._scheduler.add_job(
            self._tick, "interval", seconds=interval_s, jitter=interval_s / 20, next_run_time=datetime.now(UTC), **late
        )
        if interval_s > _LOOK_EVERY_S:
            self._scheduler.add_job(self._look, "interval", seconds=_LOOK_EVERY_S, **late)
        soon = datetime.now(UTC) + timedelta(seconds=_UPKEEP_AFTER_S)
        self._scheduler.add_job(
            self._daemon.upkeep.run, "interval", seconds=_UPKEEP_EVERY_S, next_run_time=soon, **late
        )
        if self._manager.watchdog_s is not None:
            self._scheduler.add_job(self._feed, "interval", seconds=self._manager.watchdog_s / 2, **late)
        self._scheduler.start()
        self._sweeping = asyncio.create_task(self._sweep_runs())
        if self._daemon.sender.needed:
            self._sending = asyncio.create_task(self._daemon.sender.run())
        self._daemon.poll_soon = self._tick_soon

    async def stop(self) -> None:
        """End the schedule and the poll under way; what it stored so far stays."""
        self._scheduler.shutdown(wait=False)
        tasks = [task for task in (self._task, self._sweeping) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._sending is not None:
            await self._daemon.sender.stop(self._sending)
        await self._daemon.stop()

    async def _tick(self) -> None:
        """Begin a poll unless one is under way; either way see whether Hex has been out of sight for too long."""
        if self._stop.is_set():
            return  # A tick that was due already when the end came.
        before_ms, self._ticked_ms = self._ticked_ms, self._daemon.clock.uptime_ms()
        before_at_ms, self._ticked_at_ms = self._ticked_at_ms, self._daemon.clock.now_ms()
        # A clock that is set forward by hours is no silence of hours either.
        passed_ms = max(self._ticked_ms - before_ms, self._ticked_at_ms - before_at_ms)
        if passed_ms > _ASLEEP_INTERVALS * self._daemon.config.poll.interval_ms:
            self._daemon.woke()
        self._daemon.check_blind()
        if self._daemon.paused:
            self._manager.tell("STATUS=polls are paused")
        elif self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())

    async def _look(self) -> None:
        """Between two ticks: tick at once when the machine has slept since the last look, or a time has come for which
        polls or alerts waited."""
        before_ms, self._slept_ms = self._slept_ms, self._daemon.clock.slept_ms()
        since_ms, self._looked_ms = self._looked_ms, self._daemon.clock.now_ms()
        if self._slept_ms - before_ms > _NAP_MS:
            log.info("the machine has slept: polling now")
            await self._tick()
        elif self._daemon.attending.ends_between(since_ms, self._looked_ms):
            await self._tick()

    async def _poll(self) -> None:
        try:
            while (outcome := await self._daemon.poll()).more and outcome.failure is None and not self._daemon.paused:
                self._manager.tell("STATUS=reading the history")
            self._after(outcome)
        except (WrongOrg, WatchError) as error:
            self._end(Fatal(str(error), getattr(error, "hint", ""), EXIT_CONFIGURATION))
        except sqlite3.Error as error:
            self._tell_unstored(error)
        except Exception:
            log.exception("the poll met a fault of Hexmeter's own; the next one is tried as planned")

    def _tell_unstored(self, error: sqlite3.Error) -> None:
        """Say that nothing can be stored, once; each interval it is tried again, without asking Hex."""
        if not self._unstored:
            log.error("nothing can be stored in %s: %s (is the disk full?)", self._daemon.config.database, error)
            self._manager.tell(f"STATUS=nothing can be stored: {error}")
        self._unstored = True

    def _after(self, outcome: Outcome) -> None:
        self._unstored = False
        failure = outcome.failure
        at = datetime.fromtimestamp(outcome.at_ms / 1000, self._daemon.config.zone).strftime("%H:%M")
        said = f"poll of {at} failed: {failure.message}" if failure else f"watching; last good poll at {at}"
        self._manager.tell(f"STATUS={said}")
        self._failures = 0 if failure is None else self._failures + 1
        if failure is None or failure.token_refused:
            return
        pause_ms = again_in_ms(self._failures, self._daemon.config.poll.interval_ms)
        if pause_ms is not None:
            self._tick_soon(pause_ms)

    def _tick_soon(self, after_ms: int = 0) -> None:
        again = datetime.now(UTC) + timedelta(milliseconds=after_ms)
        self._scheduler.add_job(
            self._tick, "date", run_date=again, id="again", replace_existing=True, misfire_grace_time=None
        )

    def _end(self, fatal: Fatal) -> None:
        self.fatal = fatal
        self._stop.set()

    async def _sweep_runs(self) -> None:
        while True:
            try:
                await self._daemon.sweep_runs()
            except Exception:
                log.exception("the sweep of runs met a fault of Hexmeter's own; it goes on in an hour")
                await asyncio.sleep(_UPKEEP_EVERY_S)

    async def _feed(self) -> None:
        """Feed the watchdog, but only while ticks really come, and a poll under way gets on."""
        now_ms, sent = self._daemon.clock.uptime_ms(), self._daemon.sent
        if sent != self._sent or self._daemon.waits or not self._daemon.busy:
            self._sent, self._moved_ms = sent, now_ms
        patience_ms = 2 * self._daemon.config.poll.interval_ms + 60_000
        if now_ms - self._ticked_ms < patience_ms and now_ms - self._moved_ms < _HUNG_MS:
            self._manager.tell("WATCHDOG=1")


@contextlib.contextmanager
def _kept_store(config: Config, clock: Clock, *, stays: bool = False) -> Iterator[Store]:
    """The locked, opened database. Raises StoreError."""
    with lock(config.database):
        store = Store.open_kept(config.database, config.backups, clock.now_ms(), stays=stays)
        try:
            yield store
        finally:
            store.close()


@contextlib.asynccontextmanager
async def _daemon(config: Config, token: CurrentToken, store: Store, clock: Clock) -> AsyncIterator[Daemon]:
    """A daemon over its store, with what it needs to poll."""
    for note in config.notes:
        log.warning("%s: %s", config.path, note)
    limits = windows(config.poll.requests_per_minute, config.poll.requests_per_hour)
    hexapi = HexClient(config.base_url, token, Pacer(limits, clock, store.progress), clock)
    try:
        daemon = Daemon(config, store, clock)
        daemon.upkeep.begin()
        daemon.sender.begin()
        daemon.use(
            Poller(config, store, clock, hexapi, token, daemon.note_page),
            RunSweep(config, store, clock, hexapi, daemon.figures),
        )
        yield daemon
    finally:
        await hexapi.close()


def _exit_code(failure: PollFailure) -> int:
    return EXIT_TOKEN_REFUSED if failure.token_refused else EXIT_FAILED
