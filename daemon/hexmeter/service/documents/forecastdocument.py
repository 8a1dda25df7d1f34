"""The documents of forecasts: what will happen and what that is taken from, how past ones did, what can be afforded."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from hexmeter.config.model import Config
from hexmeter.core.afford import can_afford
from hexmeter.core.allocations import ALLOCATION
from hexmeter.core.burn import RECENT_DAYS, PromptCosts, prompt_costs
from hexmeter.core.credits import MICRO, to_number
from hexmeter.core.instants import DAY_MS, SECOND_MS, to_iso
from hexmeter.core.meters import Meter, grant_key
from hexmeter.core.periods import Period, first_instant, local_day
from hexmeter.core.scoring import Score, summary
from hexmeter.core.strings import clean
from hexmeter.service.meters.figures import Figures
from hexmeter.service.meters.forecastfacts import Facts
from hexmeter.store.store import Store
from hexmeter.wire import shapes

_WEEKS = 9
_MODEL_CHARACTERS = 60


class ForecastDocument:
    """Nothing here asks Hex, and nothing is written."""

    def __init__(self, config: Config, store: Store, figures: Figures) -> None:
        self._config = config
        self._store = store
        self._figures = figures

    def meters(self, name: str | None, now_ms: int) -> dict[str, Any]:
        """`GET /v1/forecast`: all meters, or one with the weeks behind it. Raises Refused."""
        if name is None:
            meters = self._figures.meters(now_ms)
            return {"meters": [self._meter(meter, now_ms) for meter in meters]}
        meter = self._figures.named(name, now_ms)
        return {"meters": [{**self._meter(meter, now_ms), "weeks": self._weeks(meter, now_ms)}]}

    def scores(self, name: str | None, now_ms: int) -> dict[str, Any]:
        """`GET /v1/forecast/score`: how the forecasts of ended periods did, newest first. Raises Refused."""
        names = {meter.key: meter.id for meter in self._figures.meters(now_ms)}
        key = None if name is None else self._figures.named(name, now_ms).key
        scores = [score for score in self._store.forecasts.scores() if key in (None, score.meter_key)]
        together = summary(scores)
        return {
            "scores": [_score(score, names.get(score.meter_key, score.meter_key)) for score in scores],
            "summary": {
                **shapes.record(together.record),
                "error_share": together.error_share,
                "calls": {call.name.lower(): count for call, count in together.calls.items()},
                "lead_days": None if together.lead_ms is None else together.lead_ms / DAY_MS,
            },
        }

    def afford(self, prompts: int, name: str, model: str | None, now_ms: int, *, stale: bool) -> dict[str, Any]:
        """`GET /v1/afford`: whether so many more prompts fit into what is left of a meter. Raises Refused."""
        meter = self._figures.named(name, now_ms)
        costs = self._costs(meter, model, now_ms)
        verdict = can_afford(prompts, meter, costs, model and clean(model, _MODEL_CHARACTERS), stale=stale)
        return {
            "prompts": prompts,
            "model": model,
            "answer": verdict.answer.value,
            "reason": verdict.reason,
            "meter": shapes.meter(meter),
            "costs": shapes.prompts(costs),
            "prompts_left": verdict.left and shapes.prompts_left(verdict.left),
        }

    def _meter(self, meter: Meter, now_ms: int) -> dict[str, Any]:
        stood = self._figures.outlooks.standing(meter.key)
        # The pool has no period of its own; its forecast runs to the end of the grants' one.
        period = meter.period or self._figures.period(now_ms)
        return {
            **shapes.meter(meter),
            "forecast_at": shapes.instant(stood.at_ms if stood else None),
            "forecast_until": to_iso(period.end_ms),
        }

    def _weeks(self, meter: Meter, now_ms: int) -> list[dict[str, Any]]:
        """What each of the last weeks used, from their local Mondays on; the last one is not over."""
        facts = Facts(self._config, self._store, self._figures, self._figures.bare(now_ms), now_ms)
        today = local_day(now_ms, self._config.zone)
        monday = today - timedelta(days=today.weekday())
        sums: dict[date, float] = defaultdict(float)
        for at, credits in facts.history(meter):
            day = local_day(round(at * SECOND_MS), self._config.zone)
            sums[day - timedelta(days=day.weekday())] += credits
        weeks = [monday - timedelta(weeks=back) for back in range(_WEEKS - 1, -1, -1)]
        first = min((week for week, amount in sums.items() if amount > 0), default=monday)
        return [
            {
                "start": to_iso(first_instant(week, self._config.zone)),
                # Each hour was a whole number of micro-credits.
                "credits": to_number(round(sums[week] * MICRO)),
            }
            for week in weeks
            if week >= first
        ]

    def _costs(self, meter: Meter, model: str | None, now_ms: int) -> PromptCosts | None:
        """What prompts cost in the last 30 days: of the grant's own person, else of all whose use the meter counts;
        with `model`, of those in threads with such a model, or one whose name holds it."""
        if meter.kind == "grant" and model is None:
            return meter.burn.recent or meter.burn.prompts
        recent = Period(now_ms - RECENT_DAYS * DAY_MS, now_ms + 1)
        models: dict[str, str] = {}
        if model is not None:
            models = {about.id: (about.model or "").lower() for about, _ in self._store.breakdown.threads(recent)}
        whose = self._whose(meter)
        found: list[int] = []
        for (thread_id, user_id), costs in self._store.breakdown.costs(recent).items():
            is_wanted = model is None or model.lower() in models.get(thread_id, "")
            if is_wanted and (whose is None or user_id in whose):
                found += costs
        return prompt_costs(found)

    def _whose(self, meter: Meter) -> frozenset[str] | None:
        """Whose prompts a meter counts, by user id; None: everybody's."""
        if meter.kind == "grant":
            return frozenset({meter.key.removeprefix(grant_key(""))})
        if meter.kind == ALLOCATION and meter.period is not None:
            return frozenset(self._figures.allocations.covered(meter.period).get(meter.key, ()))
        return None


def _score(score: Score, meter_id: str) -> dict[str, Any]:
    return {
        "meter": meter_id,
        "period": shapes.period(score.period),
        "limit": to_number(score.limit_micro),
        "total": to_number(score.total_micro),
        "held": score.held,
        "of": score.checks,
        "error": shapes.amount(score.error_micro),
        "call": score.call.name.lower(),
        "exhausted": score.exhausted,
        "warned_at": shapes.instant(score.warned_ms),
        "exhausted_at": shapes.instant(score.exhausted_ms),
        "lead_days": None if score.lead_ms is None else score.lead_ms / DAY_MS,
    }
