"""What follows from a poll: its health, the alert steps and their deliveries, in one transaction."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from hexmeter.config.model import Config
from hexmeter.core.age import too_old_at_ms
from hexmeter.core.alerts import AlertState, Condition, Fired, Kind, NotKnown, Reason, Resolved, Rung, Standing, step
from hexmeter.core.allocations import ALLOCATION
from hexmeter.core.instants import MINUTE_MS
from hexmeter.core.pool import POOL, SPEND
from hexmeter.core.rules import Health, blind_condition
from hexmeter.core.texts import Text, blind_text
from hexmeter.service.alerts.attention import Attending
from hexmeter.service.alerts.decisions import Decision, Decisions
from hexmeter.service.meters.figures import Figures
from hexmeter.service.polling.poll import Outcome, PollFailure
from hexmeter.store.ladders import Transition
from hexmeter.store.outbox import Alert, NewAlert
from hexmeter.store.progress import LastPoll
from hexmeter.store.store import Store

log = logging.getLogger(__name__)

BLIND_LADDER = "blind"
_BASELINE_DIGEST = "what stood at the first start"
_BASELINE_MS = 10 * MINUTE_MS
"""The first start tells what stands once the current period is read; after so long it tells what it has."""


@dataclass(frozen=True, slots=True)
class _Telling:
    """How what fires is told: with what else of the same `digest`, or, when `quiet`, to nobody."""

    digest: str | None = None
    quiet: bool = False


class Settler:
    """Decides alerts from the stored facts. `report` gives the report that is due at a time, None without one;
    `started_ms` is when this daemon began to watch."""

    def __init__(
        self,
        config: Config,
        store: Store,
        figures: Figures,
        attending: Attending,
        report: Callable[[int], Decision | None],
        started_ms: int,
    ) -> None:
        self._config = config
        self._store = store
        self._figures = figures
        self._attending = attending
        self._report = report
        self._decisions = Decisions(config, store, figures)
        self.started_ms = started_ms
        """Since when polls were meant to come: the daemon's start, or the machine's waking."""
        self._last_failure: PollFailure | None = None
        self._read_ms = started_ms

    def settle(self, outcome: Outcome, now_ms: int) -> None:
        """Store how the poll went, and step every ladder: the meters' by a good poll alone, `blind` by any."""
        failure = outcome.failure
        self._last_failure = failure
        self._read_ms = self.started_ms
        good_ms = self._store.progress.good_at_ms()
        with self._store.transaction():
            self._store.progress.note_poll(
                LastPoll(outcome.at_ms, failure is None, failure.message if failure else None, outcome.requests)
            )
            if failure is None:
                self.step_meters(now_ms, good_ms)
                self._step_report(now_ms)
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

    def step_meters(self, now_ms: int, good_ms: int | None) -> None:
        """Step every meter's ladder by the figures that stand; part of a transaction of the caller's.

        `good_ms` is when the last good poll before these figures was: what came up while there was none for long, such
        as over a sleep, is told as one message.
        """
        complete = self._figures.period_complete(now_ms)
        first = not self._store.progress.baseline_done()
        if first and not complete and now_ms - self.started_ms < _BASELINE_MS:
            return
        absent = good_ms is not None and now_ms >= too_old_at_ms(good_ms, self._config.poll.interval_ms)
        digest = _BASELINE_DIGEST if first else f"after {good_ms}" if absent else None
        telling = _Telling(digest, self._store.progress.baseline_is_quiet())
        decisions = list(self._decisions.of_meters(now_ms, complete=complete))
        for decision in decisions:
            self._step(decision, telling, now_ms)
        self._end_unwatched(decisions, now_ms)
        if first:
            self._store.progress.end_baseline()

    def _step_report(self, now_ms: int) -> None:
        """Tell the report that is due, in a message of its own: its title alone, as in a digest, says too little."""
        try:
            decision = self._report(now_ms)
        except Exception:
            log.exception("the report met a fault of Hexmeter's own; the next poll tries it again")
            return
        if decision is not None:
            self._step(decision, _Telling(decision.ladder, self._store.progress.baseline_is_quiet()), now_ms)

    def _end_unwatched(self, decisions: Sequence[Decision], now_ms: int) -> None:
        """End what stands though nothing decides on it any more: its kind was switched off, its limit taken out of the
        configuration, its token replaced, or its period ended after its person had left."""
        stepped = {decision.ladder for decision in decisions}
        meters = {decision.meter.id for decision in decisions if decision.meter is not None}
        for alert in self._store.outbox.standing():
            if alert.ladder not in stepped and self._is_unwatched(alert, meters, now_ms):
                self._end(alert.ladder, now_ms)

    def _is_unwatched(self, alert: Alert, meters: Collection[str], now_ms: int) -> bool:
        if alert.kind in self._config.rules.off or alert.kind == Kind.TOKEN:
            return True
        # By its id: an allocation's key is another one while its members are not known.
        limited = alert.meter is not None and alert.meter.partition(":")[0] in (POOL, SPEND, ALLOCATION)
        if limited and alert.meter not in meters:
            return True
        period = self._store.ladders.state(alert.ladder).period
        # A report tells of a period that is over.
        return period is not None and period.end_ms <= now_ms and alert.kind != Kind.REPORT

    def _end(self, ladder: str, now_ms: int) -> None:
        """What a ladder told is over, and forgotten: who watches it again is told anew."""
        self._store.outbox.resolve(ladder, now_ms)
        self._store.ladders.save(ladder, AlertState())
        log.info("alert resolved of %s: %s", ladder, Reason.NOT_WATCHED)
        reason = Reason.NOT_WATCHED.name.lower()
        self._store.ladders.note(Transition(ladder, now_ms, "resolved", None, reason, {}))

    def _step_blind(self, now_ms: int, *, well: bool) -> None:
        if not self._config.rules.blind:
            if self._store.ladders.state(BLIND_LADDER).told is not None:
                self._end(BLIND_LADDER, now_ms)
            return
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
        facts = {"well_ms": well_ms, "token_refused": refused, "interval_ms": self._config.poll.interval_ms}
        self._step(Decision(BLIND_LADDER, None, condition, self._blind_text, facts, news=False), _Telling(), now_ms)

    def _step(self, decision: Decision, telling: _Telling, now_ms: int) -> None:
        before = self._store.ladders.state(decision.ladder)
        after, event, reason = step(before, decision.condition, now_ms)
        if after == before and event is None:
            return
        self._store.ladders.save(decision.ladder, after)
        alert_id = None
        if isinstance(event, Resolved):
            self._store.outbox.resolve(decision.ladder, now_ms, moot=not decision.news)
        elif isinstance(event, Fired):
            alert_id = self._fire(event, decision, telling)
        if event is not None:
            log.info("alert %s of %s: %s", _named(event), decision.ladder, reason)
        rung = event.rung if isinstance(event, Fired) else after.told
        outcome = None if event is None else "fired" if isinstance(event, Fired) else "resolved"
        self._store.ladders.note(
            Transition(decision.ladder, now_ms, outcome, rung, reason.name.lower(), decision.facts, alert_id)
        )

    def _fire(self, event: Fired, decision: Decision, telling: _Telling) -> int:
        meter, text = decision.meter, decision.text(event.rung)
        meter_id, meter_key = (meter.id, meter.key) if meter else (None, None)
        silence = self._attending.silence_of(event.rung.kind, meter_key, event.at_ms)
        muted = telling.quiet or (silence is not None and silence.until_ms is None)
        return self._store.outbox.fire(
            NewAlert(
                ladder=decision.ladder,
                rung=event.rung,
                meter=meter_id,
                severity=text.severity,
                title=text.title,
                body=text.body,
                channels=() if muted else self._config.told_of(event.rung.kind, meter_id),
                digest=telling.digest,
                meter_key=meter_key,
                snoozed_until_ms=silence.until_ms if silence else None,
            ),
            event.at_ms,
        )

    def _blind_text(self, rung: Rung) -> Text:
        failure = self._last_failure
        why = failure.message if failure else "No poll came to its end"
        hint = failure.hint if failure else "see the daemon's log"
        return blind_text(why, self._store.progress.good_at_ms(), hint, self._config.zone)


def _named(event: Fired | Resolved) -> str:
    return f"{event.rung.kind} fired" if isinstance(event, Fired) else "resolved"
