"""What there is to decide after a poll: for each ladder its condition, the facts behind it, and the words for it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hexmeter.config.model import Config
from hexmeter.core.alerts import Condition, Rung
from hexmeter.core.instants import DAY_MS
from hexmeter.core.meters import Meter, Use, grant_key
from hexmeter.core.outlook import Forecast
from hexmeter.core.periods import Period, day_at, days_between, first_instant, local_day
from hexmeter.core.pool import POOL
from hexmeter.core.replay import Reading
from hexmeter.core.rules import AlertRules, ladder_condition, runs_condition
from hexmeter.core.runs import RUNS
from hexmeter.core.signals import (
    BURN_DAYS,
    Prompt,
    burn_condition,
    dear_prompts,
    prompt_condition,
    reset_condition,
    token_condition,
    top_up_condition,
    unused_condition,
    usual_micro,
)
from hexmeter.core.texts import Text, ladder_text
from hexmeter.core.textsignals import (
    burn_text,
    prompt_text,
    reset_text,
    runs_text,
    token_text,
    top_up_text,
    unused_text,
)
from hexmeter.service.meters.figures import Figures
from hexmeter.store.store import Store

_GRANT = "grant:user:"


@dataclass(frozen=True, slots=True)
class Decision:
    """One ladder to step; `text` gives the words for a rung that fires. A `news` alert is told even when it is over."""

    ladder: str
    meter: Meter | None
    condition: Condition
    text: Callable[[Rung], Text]
    facts: dict[str, Any] = field(default_factory=dict)
    news: bool = True


class Decisions:
    """Gathers the facts for one configuration and store. Nothing is written but which prompts were judged."""

    def __init__(self, config: Config, store: Store, figures: Figures) -> None:
        self._config = config
        self._store = store
        self._figures = figures
        self._usual: tuple[Period, list[dict[str | None, int]]] | None = None
        self._dear: dict[str, set[int]] = {}

    @property
    def _rules(self) -> AlertRules:
        return self._config.rules

    def of_meters(self, now_ms: int, *, complete: bool) -> Iterator[Decision]:
        """All that a good poll says."""
        identity = self._store.progress.identity()
        own_key = grant_key(identity.person.id) if identity and identity.person else None
        day = day_at(now_ms, self._config.zone)
        # Read once for all: each person's own would be a look at everybody's.
        today = self._store.ledger.sums.by_user(day) if self._rules.burn and complete else {}
        for meter in self._figures.meters(now_ms):
            self._store.readings.note(reading_of(meter, complete=complete), now_ms)
            yield self._ladder(meter, now_ms, own=meter.key == own_key, complete=complete)
            if meter.kind == "grant":
                yield from self._of_grant(meter, now_ms, own=meter.key == own_key, complete=complete)
                if complete:
                    yield from self._of_person(meter, day, today, now_ms, own=meter.key == own_key)
            elif meter.key == POOL and complete:
                yield from self._top_ups(meter, now_ms)
        if self._rules.token and identity is not None and identity.token_expires_ms is not None:
            yield self._token(identity.token_expires_ms, now_ms)

    def _ladder(self, meter: Meter, now_ms: int, *, own: bool, complete: bool) -> Decision:
        facts = facts_of(meter, complete=complete)
        if meter.kind == RUNS:
            condition = runs_condition(meter, self._rules.runs, complete=complete)
            return Decision(meter.key, meter, condition, lambda _: runs_text(meter), facts, news=False)
        condition = ladder_condition(meter, self._rules, complete=complete)
        zone = self._config.zone

        def words(rung: Rung) -> Text:
            return ladder_text(rung, meter, zone, now_ms, own=own)

        return Decision(meter.key, meter, condition, words, facts, news=False)

    def _of_grant(self, meter: Meter, now_ms: int, *, own: bool, complete: bool) -> Iterator[Decision]:
        zone, facts = self._config.zone, facts_of(meter, complete=complete)
        if self._rules.reset:
            ladder = f"reset:{meter.key}"
            condition = reset_condition(meter, self._store.ladders.state(ladder).period)
            yield Decision(ladder, meter, condition, lambda _: reset_text(meter, zone, own=own), facts)
        if self._rules.unused is not None:
            unused = unused_condition(meter, self._rules.unused, now_ms, complete=complete)
            facts = {**facts, "percent": str(self._rules.unused)}
            ladder = f"unused:{meter.key}"
            yield Decision(ladder, meter, unused, lambda _: unused_text(meter, zone, own=own), facts, news=False)

    def _of_person(
        self, meter: Meter, day: Period, today: Mapping[str | None, Use], now_ms: int, *, own: bool
    ) -> Iterator[Decision]:
        """A person's `day` and prompts, with what everybody used `today`. The user's id is in the meter's key."""
        user_id = meter.key.removeprefix(_GRANT)
        if self._rules.burn:
            yield self._burn(meter, user_id, day, today.get(user_id, Use()).used_micro, own=own)
        if self._rules.prompt or self._rules.prompt_cost_micro is not None:
            yield from self._prompt(meter, user_id, day, now_ms, own=own)

    def _burn(self, meter: Meter, user_id: str, day: Period, today_micro: int, *, own: bool) -> Decision:
        before = [uses.get(user_id, 0) for uses in self._days_before(day)]
        usual = usual_micro(before) or 0
        return Decision(
            f"burn:{meter.key}",
            meter,
            burn_condition(today_micro, before, day),
            lambda _: burn_text(meter, today_micro, usual, self._config.zone, own=own),
            {"today_micro": today_micro, "usual_micro": usual, "most_micro": max(before)},
        )

    def _days_before(self, day: Period) -> list[dict[str | None, int]]:
        """What everybody used on each of the days before `day`; read once a day, for they are over."""
        if self._usual is None or self._usual[0] != day:
            zone = self._config.zone
            first = first_instant(local_day(day.start_ms, zone) - timedelta(days=BURN_DAYS), zone)
            self._usual = (
                day,
                [
                    {user_id: use.used_micro for user_id, use in self._store.ledger.sums.by_user(part).items()}
                    for _, part in days_between(first, day.start_ms, zone)
                ],
            )
        return self._usual[1]

    def _prompt(self, meter: Meter, user_id: str, day: Period, now_ms: int, *, own: bool) -> Iterator[Decision]:
        """The prompts that are dear in two good polls in a row: one answer of Hex's may be wrong, two are believed."""
        judged_ms = self._store.ladders.judged_ms(meter.key)
        if judged_ms is None:
            # What was there before anybody watched is history.
            self._store.ladders.judge(meter.key, now_ms)
            return
        costs, period = self._figures.costs, self._figures.period(now_ms)
        recent = costs.of(user_id, period, now_ms).recent
        since_ms = max(judged_ms, now_ms - DAY_MS)
        found = dear_prompts(costs.prompts(user_id, period, now_ms, since_ms), recent, self._rules)
        before, self._dear[meter.key] = self._dear.get(meter.key, set()), {prompt.spent_ms for prompt in found}
        dear = [prompt for prompt in found if prompt.spent_ms in before]
        dearest = max(dear, key=lambda prompt: prompt.cost_micro, default=Prompt(0, 0, 0))
        if dear:
            self._store.ladders.judge(meter.key, max(prompt.spent_ms for prompt in dear))
        yield Decision(
            f"prompt:{meter.key}",
            meter,
            prompt_condition(dear, day),
            lambda _: prompt_text(meter, dearest, recent, self._config.zone, own=own),
            {
                "cost_micro": dearest.cost_micro,
                "spent_ms": dearest.spent_ms,
                "prompts": recent.prompts if recent else 0,
                "p90_micro": recent.p90_micro if recent else None,
                "prompt_cost_micro": self._rules.prompt_cost_micro,
            },
        )

    def _top_ups(self, meter: Meter, now_ms: int) -> Iterator[Decision]:
        several, plan = self._rules.top_ups, self._config.pool.top_up
        if several is None or plan is None:
            return
        count = self._figures.pool.top_ups(now_ms, self._figures.unseen())
        if count is None:
            return
        condition = top_up_condition(count, several, self._figures.period(now_ms))
        text = top_up_text(meter, count, plan.amount_micro)
        yield Decision(f"top_up:{meter.key}", meter, condition, lambda _: text, {"top_ups": count, "several": several})

    def _token(self, expires_ms: int, now_ms: int) -> Decision:
        # By when it expires: another token has another ladder.
        return Decision(
            f"token:{expires_ms}",
            None,
            token_condition(expires_ms, now_ms),
            lambda rung: token_text(expires_ms, int(rung.level or 0), now_ms, self._config.zone),
            {"expires_ms": expires_ms},
        )


def reading_of(meter: Meter, *, complete: bool) -> Reading:
    """What a poll knows of a meter, as far as its ladder asks."""
    alerts = meter.outlook.alert if isinstance(meter.outlook, Forecast) else None
    return Reading(
        meter.key, meter.id, meter.limit_micro, meter.used_micro, meter.period, complete, alerts, meter.bound
    )


def facts_of(meter: Meter, *, complete: bool) -> dict[str, Any]:
    """What a meter's ladder is decided on, as JSON."""
    outlook = meter.outlook
    return {
        "limit_micro": meter.limit_micro,
        "used_micro": meter.used_micro,
        "bound": meter.bound.value,
        "complete": complete,
        "start_ms": meter.period.start_ms if meter.period else None,
        "end_ms": meter.period.end_ms if meter.period else None,
        "forecast": {
            "alert": outlook.alert,
            "probability": round(outlook.probability, 4),
            "exhaust_ms": outlook.exhaust_at_ms,
        }
        if isinstance(outlook, Forecast)
        else {"unknown": outlook.reason},
    }
