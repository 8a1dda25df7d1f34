"""The local API's JSON: versioned documents, whose fields are only ever added, and the one shape of an error."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hexmeter.core.burn import RECENT_DAYS, Burn, PromptCosts, PromptsLeft
from hexmeter.core.credits import to_number
from hexmeter.core.instants import to_iso
from hexmeter.core.meters import Meter
from hexmeter.core.outlook import NoForecast, Outlook
from hexmeter.core.periods import Period
from hexmeter.core.scoring import Record

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Failure:
    """An error answer: a stable code, what happened, what to try, and the CLI's exit code."""

    code: str
    message: str
    hint: str = ""
    exit_code: int = 1


def dump(document: dict[str, Any]) -> bytes:
    """A document as the bytes of an answer; every one names its schema."""
    return json.dumps({"schema": SCHEMA, **document}, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def error(failure: Failure) -> dict[str, Any]:
    """The document of an error."""
    return {
        "error": {
            "code": failure.code,
            "message": failure.message,
            "hint": failure.hint,
            "exit_code": failure.exit_code,
        }
    }


def meter(meter: Meter) -> dict[str, Any]:
    """One meter; amounts as plain numbers of credits."""
    return {
        "id": meter.id,
        "kind": meter.kind,
        "label": meter.label,
        "limit": amount(meter.limit_micro),
        "used": amount(meter.used_micro),
        "remaining": amount(meter.remaining_micro),
        "state": meter.state.value,
        "bound": meter.bound.value,
        "adjustment": to_number(meter.adjustment_micro),
        "period": period(meter.period),
        "burn": burn(meter.burn),
        "forecast": outlook(meter.outlook),
        "record": meter.record and record(meter.record),
        "prompts_left": meter.prompts_left and prompts_left(meter.prompts_left),
        "note": meter.note,
    }


def outlook(outlook: Outlook) -> dict[str, Any]:
    """What a meter will come to, or why nobody should be told yet."""
    if isinstance(outlook, NoForecast):
        return {"unknown": outlook.reason}
    return {
        "expected_total": to_number(outlook.expected_micro),
        "low": to_number(outlook.low_micro),
        "high": to_number(outlook.high_micro),
        "exhaust_at": instant(outlook.exhaust_at_ms),
        "probability": round(outlook.probability, 4),
    }


def record(record: Record) -> dict[str, Any]:
    """How often past ranges of a meter's forecasts held."""
    return {"held": record.held, "of": record.checks, "periods": record.periods}


def prompts_left(left: PromptsLeft) -> dict[str, Any]:
    """How many more prompts there are, typical or heavy ones, and by how many that is known."""
    return {"typical": left.typical, "heavy": left.heavy, "known": left.known}


def burn(burn: Burn) -> dict[str, Any]:
    """Burn rates in credits."""
    return {
        **prompts(burn.prompts),
        "per_day": amount(burn.per_day_micro),
        "pace": amount(burn.pace_micro),
        "recent": burn.recent and {"days": RECENT_DAYS, **prompts(burn.recent)},
    }


def prompts(costs: PromptCosts | None) -> dict[str, Any]:
    """What prompts cost: their mean, how many they are, their median, and what nine of ten stay within; all null where
    none is known."""
    return {
        "per_prompt": amount(costs.mean_micro) if costs else None,
        "prompts": costs.prompts if costs else None,
        "median": amount(costs.median_micro) if costs else None,
        "p90": amount(costs.p90_micro) if costs else None,
    }


def period(period: Period | None) -> dict[str, Any] | None:
    """A period's two ends."""
    return None if period is None else {"start": to_iso(period.start_ms), "end": to_iso(period.end_ms)}


def amount(micro: int | None) -> float | None:
    """Micro-credits as credits; None stays None."""
    return None if micro is None else to_number(micro)


def instant(at_ms: int | None) -> str | None:
    """An instant in ISO 8601; None stays None."""
    return None if at_ms is None else to_iso(at_ms)


def level(level: Decimal | None) -> float | int | None:
    """An alert's level as a plain number, whole where it is."""
    if level is None:
        return None
    return int(level) if level == level.to_integral_value() else float(level)
