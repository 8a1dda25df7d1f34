"""The documents of the local API: plain numbers, ISO times, one shape of an error."""

import json
from decimal import Decimal

import pytest

from builders import meter
from hexmeter.core.burn import Burn, PromptCosts
from hexmeter.core.meters import Bound
from hexmeter.wire import shapes

NO_PROMPTS = {"per_prompt": None, "prompts": None, "median": None, "p90": None}


def test_a_meter_as_the_contract_has_it() -> None:
    found = shapes.meter(meter(12.5, bound=Bound.AT_LEAST))
    forecast = found.pop("forecast")
    assert set(forecast) == {"unknown"}
    assert found == {
        "id": "grant:ed@acme.test",
        "kind": "grant",
        "label": "ed@acme.test",
        "limit": 40.0,
        "used": 12.5,
        "remaining": 27.5,
        "state": "ok",
        "bound": "at_least",
        "adjustment": 0.0,
        "period": {"start": "2026-10-31T23:00:00Z", "end": "2026-11-30T23:00:00Z"},
        "burn": {**NO_PROMPTS, "per_day": 0.58027, "pace": 17.408123, "recent": None},
        "record": None,
        "prompts_left": None,
        "note": None,
    }


def test_a_meter_without_figures_has_nulls_and_says_why() -> None:
    found = shapes.meter(meter(None, None))
    assert [found[name] for name in ("limit", "used", "remaining", "state", "note")] == [None] * 3 + [
        "unknown",
        "no seat",
    ]
    assert found["burn"] == {**NO_PROMPTS, "per_day": None, "pace": None, "recent": None}


def test_what_prompts_cost_is_told_for_the_period_and_lately() -> None:
    told = shapes.burn(Burn(PromptCosts(8, 1_562_500, 1_000_000, 3_000_000), recent=PromptCosts(1, 2, 2, 2)))
    assert told == {
        "per_prompt": 1.5625,
        "prompts": 8,
        "median": 1.0,
        "p90": 3.0,
        "per_day": None,
        "pace": None,
        "recent": {"days": 30, "per_prompt": 2e-06, "prompts": 1, "median": 2e-06, "p90": 2e-06},
    }


def test_every_document_names_its_schema_and_is_one_line_of_utf_8() -> None:
    content = shapes.dump({"title": "Zählt\n", "used": shapes.amount(3_270_000)})
    assert content == '{"schema":1,"title":"Zählt\\n","used":3.27}'.encode()


def test_an_error_has_one_shape() -> None:
    document = json.loads(shapes.dump(shapes.error(shapes.Failure("not_found", "no such alert"))))
    assert document == {
        "schema": 1,
        "error": {"code": "not_found", "message": "no such alert", "hint": "", "exit_code": 1},
    }


@pytest.mark.parametrize(
    ("level", "number"), [(None, "null"), (Decimal(80), "80"), (Decimal("8E+1"), "80"), (Decimal("99.5"), "99.5")]
)
def test_a_level_is_a_plain_number(level: Decimal | None, number: str) -> None:
    assert json.dumps(shapes.level(level)) == number


def test_an_instant_may_be_missing() -> None:
    assert (shapes.instant(None), shapes.instant(999), shapes.amount(None)) == (None, "1970-01-01T00:00:00Z", None)
