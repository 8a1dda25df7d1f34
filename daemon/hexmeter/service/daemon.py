"""The running daemon: one poll at a time, its alerts, and the verbs that the local API offers."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from hexmeter.config.channels import DESKTOP
from hexmeter.config.model import Config
from hexmeter.core.alerts import Kind, Rung
from hexmeter.core.allocations import ALLOCATION
from hexmeter.core.clock import Clock
from hexmeter.core.credits import CreditsError, format_credits, parse_credits
from hexmeter.core.logrow import LogRow
from hexmeter.core.meters import Meter, is_far_above, is_far_below
from hexmeter.core.pool import POOL, SPEND
from hexmeter.core.strings import clean, without_tokens
from hexmeter.core.texts import Text, message_of_test
from hexmeter.core.threadlink import EXPECTED, thread_id_of
from hexmeter.service.alerts.attention import Attending
from hexmeter.service.alerts.notices import Notice, notices, shortened
from hexmeter.service.alerts.settle import Settler
from hexmeter.service.channels.sender import Sender
from hexmeter.service.channels.testing import TEST_LADDER, NoSuchChannel, channels_named, send_and_see
from hexmeter.service.documents.documents import Documents, hex_link
from hexmeter.service.documents.reporting import Reporting
from hexmeter.service.importing import import_rows
from hexmeter.service.meters.figures import Figures
from hexmeter.service.meters.forecasts import Forecasts
from hexmeter.service.polling.poll import Outcome, Poller
from hexmeter.service.polling.runsweep import RunSweep
from hexmeter.service.refused import Refused
from hexmeter.service.upkeep import Upkeep
from hexmeter.store.outbox import LEASE_MS, NewAlert
from hexmeter.store.roster import Calibration
from hexmeter.store.store import Store
from hexmeter.wire.shapes import Failure

log = logging.getLogger(__name__)

_LONGEST_FIGURE = 40
_INSIST = "is it the meter, and what is used or remaining? --insist takes it anyway"


class Daemon:
    """Owns the store and alone asks Hex. Everything runs on one event loop's thread."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self.config = config
        self.store = store
        self.clock = clock
        self.figures = Figures(config, store)
        self.attending = Attending(config, store, self.figures)
        self.forecasts = Forecasts(config, store, self.figures)
        self.documents = Documents(config, store, self.figures)
        self.reporting = Reporting(config, store, self.documents)
        self.settler = Settler(config, store, self.figures, self.attending, self.reporting.decision, clock.now_ms())
        self.poll_soon: Callable[[], None] = lambda: None
        """Lets the schedule poll at once; the schedule sets it."""
        self.upkeep = Upkeep(config, store, clock)
        self.sender = Sender(config, store, clock, self.attending.severities, hex_link(config.base_url), self.publish)
        self._poller: Poller | None = None
        self._sweep: RunSweep | None = None
        self._polling = asyncio.Lock()
        self._waited_for: asyncio.Future[Outcome] | None = None
        self._shared = False
        self._ended = False
        self.logs_failures = True
        """False where whoever polls says it."""
        self._listeners: set[asyncio.Event] = set()

    def use(self, poller: Poller, sweep: RunSweep | None = None) -> None:
        """Poll with `poller`, and read projects with `sweep`; they are made after the daemon, whose parts they use."""
        self._poller = poller
        self._sweep = sweep

    @property
    def busy(self) -> bool:
        """Whether a poll is under way."""
        return self._polling.locked()

    @property
    def waits(self) -> bool:
        """Whether the next request waits for the budget, or for a pause that Hex asked for."""
        return self._poller is not None and self._poller.waits

    @property
    def sent(self) -> int:
        """Requests sent so far."""
        return 0 if self._poller is None else self._poller.sent

    async def poll(self, *, whole: bool = False) -> Outcome:
        """Poll once, after the one under way; decide alerts; tell the listeners.

        Raises WrongOrg and WatchError, and sqlite3.Error when nothing can be stored.
        """
        async with self._polling:
            return await self._poll(whole=whole)

    async def _poll(self, *, whole: bool) -> Outcome:
        assert self._poller is not None
        self._check_storage()
        try:
            outcome = await self._poller.run(whole=whole)
            now_ms = self.clock.now_ms()
            made = [] if outcome.failure else await self.forecasts.make(now_ms)
            with self.store.transaction():
                self.forecasts.save(made)
                self.settler.settle(outcome, now_ms)
            if outcome.failure is None:
                self.forecasts.score_ended(now_ms)
        except sqlite3.Error as error:
            self.documents.unstored = str(error)
            self.publish()
            raise
        if outcome.failure is None or self.logs_failures:
            _log_outcome(outcome)
        self.publish()
        return outcome

    def _check_storage(self) -> None:
        """After nothing could be stored: see whether it can be now, before Hex is asked. Raises sqlite3.Error."""
        if self.documents.unstored is not None:
            self.store.database.probe()
            self.documents.unstored = None
            log.info("%s can be written to again", self.config.database)

    async def poll_whole(self) -> Outcome:
        """Poll the whole window for somebody who waits for it; those who ask before it begins share it."""
        if self._waited_for is None or self._waited_for.done() or not self._shared:
            self._shared = True
            self._waited_for = asyncio.ensure_future(self._begin_whole())
        return await asyncio.shield(self._waited_for)

    async def _begin_whole(self) -> Outcome:
        async with self._polling:
            # Who asks from now on may know of something that this poll has passed already.
            self._shared = False
            return await self._poll(whole=True)

    async def sweep_runs(self) -> None:
        """Read projects and their runs, one request at a time between polls, until cancelled."""
        assert self._sweep is not None
        while True:
            await self.clock.wait(self._sweep.pause_ms())
            try:
                async with self._polling:
                    asked = self.documents.unstored is None and await self._sweep.step()
            except sqlite3.Error as error:
                log.debug("what a sweep saw could not be stored: %s", error)  # The next poll says so.
                continue
            if asked:
                self.publish()

    async def stop(self) -> None:
        """End the poll that somebody waits for, and tell the listeners no more; what it stored so far stays."""
        self._ended = True
        self.publish()
        if self._waited_for is not None:
            self._waited_for.cancel()
            await asyncio.gather(self._waited_for, return_exceptions=True)

    def woke(self) -> None:
        """Count silence from now on: the machine slept, and nobody was meant to poll meanwhile."""
        self.settler.started_ms = self.clock.now_ms()

    def check_blind(self) -> None:
        """Decide `blind` and tell the listeners: figures grow stale without any poll."""
        if self.busy and self.waits:
            # A poll that waits for its budget sees no less than one that does not.
            self.settler.note_page(self.clock.now_ms())
        if self.documents.unstored is None:
            with contextlib.suppress(sqlite3.Error):  # The poll that cannot store says so.
                self.settler.check_blind(self.clock.now_ms())
        self.publish()

    def note_page(self) -> None:
        """A page was stored: Hex is not out of sight, and the listeners may see how far we are."""
        self.settler.note_page(self.clock.now_ms())
        self.publish()

    def publish(self) -> None:
        """Tell the listeners that something may have changed."""
        self.sender.wake()
        for listener in self._listeners:
            listener.set()

    async def changes(self) -> AsyncIterator[None]:
        """Yields at once, and then after each change; changes that come together are one. Ends with the daemon."""
        listener = asyncio.Event()
        self._listeners.add(listener)
        try:
            while not self._ended:
                yield
                await listener.wait()
                listener.clear()
        finally:
            self._listeners.discard(listener)

    def claim(self, channel: str, claimant: str) -> list[Notice]:
        """Give `claimant` what waits on `channel`, as messages to show."""
        now_ms = self.clock.now_ms()
        claimed = self.store.outbox.claim(channel, claimant, now_ms, self.attending.severities(now_ms))
        if claimed:
            # Another tray hears that it waits no more, and that it waits again if this one's lease runs out.
            self.publish()
            asyncio.get_running_loop().call_later(LEASE_MS / 1000 + 1, self.publish)
        return notices([shortened(one) for one in claimed])

    def confirm(self, deliveries: list[int], state: str, claimant: str, reference: str | None = None) -> int:
        """Move deliveries on, or note that they are `closed`; how many moved."""
        if state == "closed":
            moved = self.store.outbox.closed(deliveries)
        else:
            moved = self.store.outbox.confirm(deliveries, state, claimant, self.clock.now_ms(), reference)
        if moved:
            self.publish()
        return moved

    async def test_channels(self, wanted: str | None) -> dict[str, Any]:
        """Send a test to the channels that `wanted` names (None: all); what is known of its arrival. Raises Refused."""
        text = message_of_test(self.clock.now_ms(), self.config.zone)
        names = [*((DESKTOP,) if self.config.notify_desktop else ()), *self.config.channels.by_name()]
        return await self._try(Kind.TEST, text, _of_channels(wanted, names, names))

    async def send_report(self, every: str, wanted: str | None, *, last: bool) -> dict[str, Any]:
        """Send a report now to the channel that `wanted` names, or where the planned ones go; what is known of its
        arrival. Raises Refused."""
        text = self.reporting.text(every, self.clock.now_ms(), last=last)
        return await self._try(Kind.REPORT, text, _of_channels(wanted, self.config.reportable, self.config.report.to))

    async def _try(self, kind: Kind, text: Text, names: Sequence[str]) -> dict[str, Any]:
        """Send a message on demand."""
        alert = NewAlert(TEST_LADDER, Rung(kind), None, text.severity, text.title, text.body, names)
        return await send_and_see(alert, self.store, self.clock, self.sender, self.changes, self.publish)

    @property
    def paused(self) -> bool:
        """Whether scheduled polls are paused; polls on demand are not."""
        return self.attending.paused_until_ms(self.clock.now_ms()) is not None

    def resume(self) -> bool:
        """Poll as scheduled again, at once; whether polls were paused."""
        was = self.attending.resume(self.clock.now_ms())
        if was:
            # Nobody was meant to poll meanwhile.
            self.woke()
            self.poll_soon()
            self.publish()
        return was

    def track(self, links: list[str]) -> list[str]:
        """Follow threads by their links or ids; the ids. Raises Refused when one is neither."""
        ids = [thread_id_of(link) for link in links]
        for link, thread_id in zip(links, ids, strict=True):
            if thread_id is None:
                message = f"{without_tokens(link)[:100]!r} is not the link or id of a thread"
                raise Refused(Failure("bad_thread", message, EXPECTED, 2))
        found = [thread_id for thread_id in ids if thread_id is not None]
        for thread_id in found:
            self.store.progress.track(thread_id, self.clock.now_ms())
        return found

    def untrack(self, links: list[str]) -> None:
        """Follow threads no longer; what they used stays."""
        for link in links:
            self.store.progress.untrack(thread_id_of(link) or link)
        self.publish()

    def import_rows(self, rows: Sequence[LogRow], *, dry_run: bool) -> dict[str, Any]:
        """Store rows of a usage log, or only say what would become of them."""
        told = import_rows(self.store, self.figures.imported, rows, self.clock.now_ms(), dry_run=dry_run)
        if not dry_run:
            self.publish()
        return told

    async def calibrate(self, meter_name: str, amount: str, *, is_used: bool, insist: bool = False) -> Meter:
        """Anchor a meter to a figure read in Hex, right after a good poll; the meter as it is then.

        `amount` in credits; what is used when `is_used`, else what remains. Raises Refused, and stores nothing, when
        the poll fails, the meter does not exist, or the figure cannot be or, unless one does `insist`, be believed.
        """
        figure_micro = _figure(amount)
        outcome = await self.poll(whole=True)
        if outcome.failure is not None:
            code = 3 if outcome.failure.token_refused else 1
            raise Refused(Failure("poll_failed", outcome.failure.message, outcome.failure.hint, code))
        now_ms = self.clock.now_ms()
        if meter_name.lower() == POOL:
            key, calibration = POOL, self._pool_calibration(figure_micro, now_ms, is_used=is_used)
        else:
            meter = self.figures.named(meter_name, now_ms)
            used_micro = figure_micro if is_used else _used(meter, figure_micro)
            known_micro = (meter.used_micro or 0) - meter.adjustment_micro
            if is_far_below(used_micro, known_micro) and not insist:
                raise Refused(_far_below(meter, used_micro, known_micro))
            if is_far_above(used_micro, meter.limit_micro) and not insist:
                raise Refused(_far_above(meter, used_micro))
            key, calibration = meter.key, Calibration(now_ms, used_micro, used_micro - known_micro)
            if meter.kind in (SPEND, ALLOCATION) and meter.used_micro is None:
                raise Refused(_unknown(meter.id, meter.note or "nothing was read yet"))
        self.store.roster.calibrate(key, calibration)
        made = await self.forecasts.make(now_ms)
        with self.store.transaction():
            self.forecasts.save(made)
            self.settler.step_meters(now_ms, now_ms)
        self.publish()
        return self.figures.named(key, now_ms)

    def _pool_calibration(self, figure_micro: int, now_ms: int, *, is_used: bool) -> Calibration:
        """The pool's new beginning: `figure_micro` as the balance, or as used of what there was."""
        if unseen := self.figures.unseen():
            raise Refused(_unknown(POOL, unseen))
        remaining_micro = figure_micro
        if is_used:
            limit_micro = self.figures.named(POOL, now_ms).limit_micro or 0
            if figure_micro > limit_micro:
                raise Refused(Failure("bad_amount", f"more than the {format_credits(limit_micro)} there were", "", 2))
            remaining_micro = limit_micro - figure_micro
        return Calibration(now_ms, used_micro=figure_micro if is_used else 0, offset_micro=remaining_micro)


def _of_channels(wanted: str | None, allowed: Sequence[str], usual: Sequence[str]) -> Sequence[str]:
    """The one of the `allowed` channels that `wanted` names; the `usual` ones for None. Raises Refused."""
    try:
        return channels_named(wanted, allowed) if wanted is not None or not usual else usual
    except NoSuchChannel as error:
        raise Refused(Failure("no_such_channel", str(error), "see [notify] in the configuration", 2)) from None


def _unknown(meter_id: str, why: str) -> Failure:
    return Failure("no_figure", f"{meter_id} cannot be calibrated: {why}", "see hexmeter status", 2)


def _far_below(meter: Meter, used_micro: int, known_micro: int) -> Failure:
    used, known = format_credits(used_micro), format_credits(known_micro)
    message = f"{meter.id}: {used} used is far below the {known} that Hex's threads show; nothing was changed"
    return Failure("far_below", message, _INSIST, 2)


def _far_above(meter: Meter, used_micro: int) -> Failure:
    used, limit = format_credits(used_micro), format_credits(meter.limit_micro or 0)
    message = f"{meter.id}: {used} used is more than a hundred times the limit of {limit}; nothing was changed"
    return Failure("far_above", message, _INSIST, 2)


def _figure(amount: str) -> int:
    """The micro-credits of a person's figure. Raises Refused."""
    try:
        return parse_credits(amount if len(amount) <= _LONGEST_FIGURE else clean(amount, _LONGEST_FIGURE))
    except CreditsError as error:
        raise Refused(Failure("bad_amount", str(error), "give credits such as 27.5", 2)) from None


def _used(meter: Meter, remaining_micro: int) -> int:
    """What is used of a meter of which so much remains. Raises Refused."""
    if meter.limit_micro is None:
        raise Refused(Failure("no_limit", f"{meter.id} has no known limit", "give --used, or set [plan] grant", 2))
    if remaining_micro > meter.limit_micro:
        message = f"{format_credits(remaining_micro)} cannot remain of {format_credits(meter.limit_micro)}"
        raise Refused(Failure("bad_amount", message, "set [plan] grant if the grant is larger", 2))
    return meter.limit_micro - remaining_micro


def _log_outcome(outcome: Outcome) -> None:
    if outcome.failure is not None:
        log.warning("poll failed: %s (%s)", outcome.failure.message, outcome.failure.hint)
        return
    credits = format_credits(sum(usage.credits_micro for usage in outcome.added))
    log.info(
        "poll: %d requests, %d threads seen, %d rows of usage (%s credits) added, %d items left out%s",
        outcome.requests,
        outcome.threads,
        len(outcome.added),
        credits,
        outcome.warnings,
        "; more history to read" if outcome.more else "",
    )
