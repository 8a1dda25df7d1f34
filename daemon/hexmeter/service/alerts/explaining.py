"""Why alerts were told, and what other rules would have told: from stored facts alone."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from hexmeter.config.load import ConfigError, parse
from hexmeter.config.model import Config
from hexmeter.core.alerts import Reason
from hexmeter.core.instants import to_iso
from hexmeter.core.replay import REPLAYED, Replayed, replay
from hexmeter.core.rules import AlertRules
from hexmeter.core.textswhy import replay_line, why_line
from hexmeter.service.refused import Refused, bad
from hexmeter.store.store import Store
from hexmeter.wire import shapes
from hexmeter.wire.shapes import Failure

_FIELDS = {"left": "left_micro"}
"""Where a key and the field that it sets have other names."""


class Explaining:
    """Each method gives one document, without its schema number; nothing is written."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store

    def why(self, alert_id: int) -> dict[str, Any]:
        """`hexmeter alerts why ID`: the changes of the alert's ladder, from the one before it to its end."""
        if self._store.outbox.alert(alert_id) is None:
            raise Refused(Failure("no_such_alert", f"there is no alert {alert_id}", "hexmeter alerts lists them", 2))
        history = [
            {
                "at": to_iso(change.at_ms),
                "outcome": change.outcome,
                "kind": change.rung.kind.value if change.rung else None,
                "level": shapes.level(change.rung.level) if change.rung else None,
                "reason": change.reason,
                "facts": change.facts,
                "line": why_line(
                    change.at_ms,
                    change.outcome,
                    change.rung,
                    Reason[change.reason.upper()],
                    change.facts,
                    self._config.zone,
                ),
            }
            for change in self._store.ladders.history(alert_id)
        ]
        return {"history": history, "note": None if history else "nothing was stored of how this alert was decided"}

    def replay(self, since_ms: int, changed: str) -> dict[str, Any]:
        """`hexmeter alerts replay`: what the configured rules, with those `changed`, tell over the stored readings.

        `changed` is TOML, such as `used = [70, 90]`. The ladders begin with the first stored reading, whenever
        `since_ms` is: what was told before it counts.
        """
        rules = self._rules(changed)
        found = [one for one in replay(self._store.readings.all(), rules) if one.at_ms >= since_ms]
        told = self._told(since_ms)
        by_kind: dict[str, list[int]] = {}
        for kind, _, _, _ in told:
            by_kind.setdefault(kind, [0, 0])[0] += 1
        for one in found:
            if one.rung is not None:
                by_kind.setdefault(one.rung.kind.value, [0, 0])[1] += 1
        return {
            "since": to_iso(since_ms),
            "timezone": self._config.zone.key,
            "replayed": list(REPLAYED),
            "rows": [self._row(one, told) for one in found],
            "kinds": {kind: {"told": then, "replayed": now} for kind, (then, now) in sorted(by_kind.items())},
        }

    def _row(self, one: Replayed, told: set[tuple[str, str | None, str | None, int]]) -> dict[str, Any]:
        rung = one.rung
        level = None if rung is None or rung.level is None else str(rung.level)
        return {
            "at": to_iso(one.at_ms),
            "meter": one.reading.meter,
            "kind": rung.kind.value if rung else None,
            "level": shapes.level(rung.level) if rung else None,
            "outcome": "fired" if rung else "resolved",
            "reason": one.reason.name.lower(),
            "told": (rung.kind.value, level, one.reading.meter_key, one.at_ms) in told if rung else None,
            "line": replay_line(one.at_ms, rung, one.reason, one.reading, self._config.zone),
        }

    def _told(self, since_ms: int) -> set[tuple[str, str | None, str | None, int]]:
        """The alerts since then, of the kinds that are replayed."""
        return {
            (alert.kind, None if alert.level is None else str(alert.level), alert.meter_key, alert.fired_ms)
            for alert in self._store.outbox.since(since_ms)
            if alert.kind in REPLAYED
        }

    def _rules(self, changed: str) -> AlertRules:
        """The configured rules with those that `changed` names. Raises Refused."""
        allowed = f"set one of {', '.join(REPLAYED)}, such as used=[70, 90]"
        content = f'plan.timezone = "UTC"\n[alerts]\n{changed}'
        try:
            document = tomllib.loads(content)
            names = list(document["alerts"])
            if list(document) != ["plan", "alerts"] or not set(names) <= set(REPLAYED):
                raise bad(f"{changed[:80]!r} cannot be replayed", allowed)
            parsed = parse(content, Path("set"), self._config.database).rules
        except tomllib.TOMLDecodeError:
            raise bad(f"{changed[:80]!r} is not a setting", allowed) from None
        except ConfigError as error:
            raise bad("; ".join(problem.what for problem in error.problems), allowed) from None
        fields = {_FIELDS.get(name, name): getattr(parsed, _FIELDS.get(name, name)) for name in names}
        return replace(self._config.rules, **fields)
