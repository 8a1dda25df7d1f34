"""What people do with alerts: acknowledge, snooze, mute, pause; and what becomes of it when its time is over."""

import logging
from collections.abc import Sequence
from typing import Literal

from hexmeter.config.model import Config
from hexmeter.core.alerts import MUTABLE
from hexmeter.core.meters import Meter, called
from hexmeter.core.whens import ALLOWED, WhenError, parse_when
from hexmeter.service.meters.figures import Figures
from hexmeter.service.refused import Refused, bad
from hexmeter.store.attention import Scope, Silence, silenced
from hexmeter.store.outbox import SEVERITIES, Alert
from hexmeter.store.store import Store
from hexmeter.wire.shapes import Failure

log = logging.getLogger(__name__)


class Attending:
    """The verbs on alerts."""

    def __init__(self, config: Config, store: Store, figures: Figures) -> None:
        self._config = config
        self._store = store
        self._figures = figures

    def acknowledge(self, alert_id: int, now_ms: int) -> str:
        """Nobody need be told of this alert any more; "acknowledged", or "already_acknowledged"."""
        return self._set(alert_id, "acknowledged", now_ms)

    def unacknowledge(self, alert_id: int, now_ms: int) -> str:
        """Take an acknowledgement back; "firing", or "already_firing"."""
        return self._set(alert_id, "firing", now_ms)

    def snooze(self, alert_id: int, when: str, now_ms: int) -> int:
        """Tell an alert again at a time, if it still stands then; the time."""
        alert = self._standing(alert_id)
        until_ms = self._when(when, now_ms, self._reset_of(alert, now_ms))
        self._store.attention.set_state(alert_id, "snoozed", now_ms, until_ms)
        return until_ms

    def unsnooze(self, alert_id: int, now_ms: int) -> str:
        """Take a snooze back; what it tells is not told anew, for whoever does this knows it."""
        return self._set(alert_id, "firing", now_ms)

    def snooze_meter(self, name: str, when: str, now_ms: int) -> tuple[Meter, int]:
        """Tell nothing of a meter until a time; then what still stands. The meter, and the time."""
        meter = self._figures.named(name, now_ms)
        until_ms = self._when(when, now_ms, meter.period.end_ms if meter.period else None)
        self._store.attention.silence(Silence("meter", meter.key, meter.id, now_ms, until_ms), now_ms)
        return meter, until_ms

    def mute(self, name: str, now_ms: int) -> tuple[Scope, str, bool]:
        """Tell nothing of a kind of alert or of a meter, for good: which it is, its name, and whether that is new."""
        scope, what, shown = self._named(name, now_ms)
        muted = [silence for silence in self._silences(scope, what) if silence.until_ms is None]
        if not muted:
            self._store.attention.silence(Silence(scope, what, shown, now_ms, None), now_ms)
        return scope, shown, not muted

    def end_silence(self, name: str, now_ms: int, *, muted: bool) -> tuple[Scope, str, bool]:
        """Take a mute back, or the snooze of a meter; whether there was one. Later alerts are told again."""
        scope, what, shown = self._named(name, now_ms)
        found = [silence for silence in self._silences(scope, what) if (silence.until_ms is None) is muted]
        return scope, shown, bool(found) and self._store.attention.end_silence(scope, what)

    def silence_of(self, kind: str, meter_key: str | None, now_ms: int) -> Silence | None:
        """What keeps an alert of this kind and meter from being told now."""
        return silenced(self._store.attention.silences(), kind, meter_key, now_ms)

    def wake(self, now_ms: int) -> None:
        """Tell the alerts whose snooze is over, unless they are muted; part of a transaction of the caller's."""
        due = self._store.attention.due(now_ms)
        self._store.attention.forget_over(now_ms)
        for alert_id in due:
            self._store.attention.set_state(alert_id, "firing", now_ms)
            alert = self._store.outbox.alert(alert_id)
            if alert is not None and self.silence_of(alert.kind, alert.meter_key, now_ms) is None:
                self._store.outbox.deliver(alert_id, self._config.told_of(alert.kind, alert.meter), now_ms)

    def ends_between(self, since_ms: int, now_ms: int) -> bool:
        """Whether a snooze, the quiet hours or a pause ended since then."""
        quiet = self.quiet_until_ms(since_ms) is not None and self.quiet_until_ms(now_ms) is None
        paused = self.paused_until_ms(since_ms) is not None and self.paused_until_ms(now_ms) is None
        return quiet or paused or bool(self._store.attention.due(now_ms))

    def severities(self, now_ms: int) -> Sequence[str]:
        """Of which severities alerts may be delivered now: quiet hours hold the others back."""
        if self.quiet_until_ms(now_ms) is None:
            return SEVERITIES
        return ("critical",) if self._config.quiet_critical else ()

    def quiet_until_ms(self, now_ms: int) -> int | None:
        """When the quiet hours end; None outside of them."""
        return self._config.quiet.end_ms(now_ms, self._config.zone) if self._config.quiet else None

    def pause(self, when: str, now_ms: int) -> int:
        """Poll on demand alone until a time; the time."""
        until_ms = self._when(when, now_ms, None)
        self._store.progress.pause(until_ms)
        log.info("scheduled polls are paused")
        return until_ms

    def resume(self, now_ms: int) -> bool:
        """Poll again as scheduled; whether polls were paused."""
        was = self.paused_until_ms(now_ms) is not None
        self._store.progress.resume()
        return was

    def paused_until_ms(self, now_ms: int) -> int | None:
        """Until when scheduled polls are paused; None when they are not."""
        until_ms = self._store.progress.paused_until_ms()
        return until_ms if until_ms is not None and until_ms > now_ms else None

    def _set(self, alert_id: int, state: Literal["firing", "acknowledged"], now_ms: int) -> str:
        if self._standing(alert_id).state == state:
            return f"already_{state}"
        self._store.attention.set_state(alert_id, state, now_ms)
        return state

    def _standing(self, alert_id: int) -> Alert:
        alert = self._store.outbox.alert(alert_id)
        if alert is None:
            raise Refused(Failure("no_such_alert", f"there is no alert {alert_id}", "hexmeter alerts lists them", 2))
        if alert.state == "resolved":
            raise Refused(Failure("resolved", f"alert {alert_id} is over already", "hexmeter alerts lists them", 2))
        return alert

    def _reset_of(self, alert: Alert, now_ms: int) -> int | None:
        """The end of the period of an alert's meter; None without one, such as for a meter that is gone."""
        if alert.meter_key is None:
            return None
        try:
            period = self._figures.named(alert.meter_key, now_ms).period
        except Refused:
            return None
        return period.end_ms if period else None

    def _when(self, when: str, now_ms: int, reset_ms: int | None) -> int:
        try:
            return parse_when(when, now_ms, self._config.zone, reset_ms)
        except WhenError as error:
            raise bad(str(error), ALLOWED) from None

    def _named(self, name: str, now_ms: int) -> tuple[Scope, str, str]:
        """A kind or a meter: which it is, what it is stored by, and its name for people."""
        if name.lower() in MUTABLE:
            return "kind", name.lower(), name.lower()
        for silence in self._store.attention.silences():
            if silence.scope == "meter" and called(name) & {silence.what.lower(), silence.name.lower()}:
                return "meter", silence.what, silence.name
        try:
            meter = self._figures.named(name, now_ms)
        except Refused as error:
            if error.failure.code != "no_such_meter":
                raise
            hint = f"{error.failure.hint}; or a kind: {', '.join(MUTABLE)}"
            raise Refused(Failure("no_such_meter", error.failure.message + " and no such kind", hint, 2)) from None
        return "meter", meter.key, meter.id

    def _silences(self, scope: Scope, what: str) -> list[Silence]:
        return [
            silence for silence in self._store.attention.silences() if (silence.scope, silence.what) == (scope, what)
        ]
