"""What follows from a poll: its health, the alert steps and their deliveries, in one transaction."""

import logging
from dataclasses import dataclass

from hexmeter.config.model import Config
from hexmeter.core.alerts import Condition, Fired, Kind, NotKnown, Resolved, Standing, step
from hexmeter.core.instants import MINUTE_MS
from hexmeter.core.meters import Meter, grant_key
from hexmeter.core.rules import Health, blind_condition, ladder_condition
from hexmeter.core.runs import RUNS
from hexmeter.core.texts import Text, blind_text, ladder_text
from hexmeter.service.attention import Attending
from hexmeter.service.figures import Figures
from hexmeter.service.poll import Outcome, PollFailure
from hexmeter.store.outbox import NewAlert
from hexmeter.store.progress import LastPoll
from hexmeter.store.store import Store

log = logging.getLogger(__name__)

BLIND_LADDER = "blind"
_BASELINE_DIGEST = "what stood at the first start"
_BASELINE_MS = 10 * MINUTE_MS
"""The first start tells what stands once the current period is read; after so long it tells what it has."""


@dataclass(frozen=True, slots=True)
class _Firing:
    """What firing an alert takes besides its rung; a `quiet` one stands, but is told to nobody."""

    ladder: str
    meter: Meter | None
    digest: str | None = None
    quiet: bool = False


class Settler:
    """Decides alerts from the stored facts. `started_ms` is when this daemon began to watch."""

    def __init__(self, config: Config, store: Store, figures: Figures, attending: Attending, started_ms: int) -> None:
        self._config = config
        self._store = store
        self._figures = figures
        self._attending = attending
        self.started_ms = started_ms
        """Since when polls were meant to come: the daemon's start, or the machine's waking."""
        self._last_failure: PollFailure | None = None
        self._read_ms = started_ms

    def settle(self, outcome: Outcome, now_ms: int) -> None:
        """Store how the poll went, and step every ladder: the meters' by a good poll alone, `blind` by any."""
        failure = outcome.failure
        self._last_failure = failure
        self._read_ms = self.started_ms
        with self._store.transaction():
            self._store.progress.note_poll(
                LastPoll(outcome.at_ms, failure is None, failure.message if failure else None, outcome.requests)
            )
            if failure is None:
                self.step_meters(now_ms)
            self._step_blind(now_ms, well=failure is None)
            # Last: what is over now need not be told once more.
            self._attending.wake(now_ms)

    def note_page(self, now_ms: int) -> None:
        """A page was read and stored: the poll under way is long, not blind."""
        self._read_ms = now_ms

    def check_blind(self, now_ms: int) -> None:
        """Step `blind` alone: for the time while a poll hangs, or none comes. While polls are paused nobody is blind:
        silence counts from the pause's end."""
        with self._store.transaction():
            self._attending.wake(now_ms)
            if self._attending.paused_until_ms(now_ms) is not None:
                self.started_ms = now_ms
            else:
                self._step_blind(now_ms, well=False)

    def step_meters(self, now_ms: int) -> None:
        """Step every meter's ladder by the figures that stand; part of a transaction of the caller's."""
        complete = self._figures.period_complete(now_ms)
        first = not self._store.progress.baseline_done()
        if first and not complete and now_ms - self.started_ms < _BASELINE_MS:
            return
        digest = _BASELINE_DIGEST if first else None
        quiet = self._store.progress.baseline_is_quiet()
        for meter in self._figures.meters(now_ms):
            if meter.kind == RUNS:
                continue  # Its amounts are no credits.
            condition = ladder_condition(
                meter, self._config.rules.used, self._config.rules.left_micro, complete=complete
            )
            self._step(condition, _Firing(meter.key, meter, digest, quiet), now_ms)
        if first:
            self._store.progress.end_baseline()

    def _step_blind(self, now_ms: int, *, well: bool) -> None:
        good_ms = self._store.progress.good_at_ms()
        # Before this daemon began nobody was meant to poll; and a clock set back must not look like a long silence.
        well_ms = max(self.started_ms, good_ms) if good_ms is not None and good_ms <= now_ms else self.started_ms
        if self._read_ms <= now_ms:
            well_ms = max(well_ms, self._read_ms)
        refused = self._last_failure is not None and self._last_failure.token_refused
        condition: Condition = blind_condition(Health(well_ms, refused), self._config.poll.interval_ms, now_ms)
        if not well and isinstance(condition, Standing) and condition.reached is None:
            # Only a good poll ends it: a daemon that just began has not seen one, nor has one with a new token.
            condition = NotKnown("no good poll yet")
        self._step(condition, _Firing(BLIND_LADDER, None), now_ms)

    def _step(self, condition: Condition, firing: _Firing, now_ms: int) -> None:
        before = self._store.ladders.state(firing.ladder)
        after, event, reason = step(before, condition, now_ms)
        if after != before:
            self._store.ladders.save(firing.ladder, after)
        if event is not None:
            log.info("alert %s of %s: %s", _named(event), firing.ladder, reason)
        if isinstance(event, Resolved):
            self._store.outbox.resolve(firing.ladder, now_ms)
        elif isinstance(event, Fired):
            self._fire(event, firing)

    def _fire(self, event: Fired, firing: _Firing) -> None:
        meter = firing.meter
        text = self._text(event, meter)
        silence = self._attending.silence_of(event.rung.kind, meter.key if meter else None, event.at_ms)
        muted = firing.quiet or (silence is not None and silence.until_ms is None)
        self._store.outbox.fire(
            NewAlert(
                ladder=firing.ladder,
                rung=event.rung,
                meter=meter.id if meter else None,
                severity=text.severity,
                title=text.title,
                body=text.body,
                channels=() if muted else self._config.told_of(meter.id if meter else None),
                digest=firing.digest,
                meter_key=meter.key if meter else None,
                snoozed_until_ms=silence.until_ms if silence else None,
            ),
            event.at_ms,
        )

    def _text(self, event: Fired, meter: Meter | None) -> Text:
        if event.rung.kind is not Kind.BLIND and meter is not None:
            identity = self._store.progress.identity()
            own = identity is not None and identity.person is not None and meter.key == grant_key(identity.person.id)
            return ladder_text(event.rung, meter, self._config.zone, own=own)
        failure = self._last_failure
        why = failure.message if failure else "No poll came to its end"
        hint = failure.hint if failure else "see the daemon's log"
        return blind_text(why, self._store.progress.good_at_ms(), hint, self._config.zone)


def _named(event: Fired | Resolved) -> str:
    return f"{event.rung.kind} fired" if isinstance(event, Fired) else "resolved"
