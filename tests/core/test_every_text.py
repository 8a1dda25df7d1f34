"""Every text that can be told, printed: pytest -s tests/core/test_every_text.py shows them as a person reads them."""

from dataclasses import replace
from decimal import Decimal

from builders import BERLIN, NOW_MS, credits, meter
from hexmeter.core.alerts import Kind, Rung
from hexmeter.core.allocations import ALLOCATION
from hexmeter.core.burn import Burn, prompt_costs
from hexmeter.core.instants import DAY_MS
from hexmeter.core.meters import Bound, Meter
from hexmeter.core.outlook import Forecast
from hexmeter.core.pool import POOL, SPEND
from hexmeter.core.reporttext import report_text
from hexmeter.core.runs import runs_meter
from hexmeter.core.signals import Prompt
from hexmeter.core.texts import Text, blind_text, digest_text, ladder_text, lead_text, message_of_test, restored_text
from hexmeter.core.textsignals import (
    burn_text,
    prompt_text,
    reset_text,
    runs_text,
    token_text,
    top_up_text,
    unused_text,
)

from .test_reportforms import document

COSTS = prompt_costs([credits(cost) for cost in [1.5] * 20 + [4] * 5])
ENDS = Forecast(credits(44), credits(41), credits(50), 0.95, NOW_MS + 4 * DAY_MS, alert=True)
UNSURE = Forecast(credits(39), credits(35), credits(45), 0.45, None, alert=True)
LASTS = Forecast(credits(36), credits(34), credits(39), 0.04, None, alert=False)


def grant(used: float, outlook: Forecast = ENDS, bound: Bound = Bound.EXACT) -> Meter:
    return replace(meter(used, bound=bound), outlook=outlook, burn=Burn(COSTS, recent=COSTS))


def rung(kind: Kind, level: int | None = None) -> Rung:
    return Rung(kind, None if level is None else Decimal(level))


def ladder(kind: Kind, figures: Meter, *, own: bool = True, level: int | None = None) -> Text:
    return ladder_text(rung(kind, level), figures, BERLIN, NOW_MS, own=own)


PLAIN = grant(31.9)
POOLED = replace(PLAIN, key=POOL, id=POOL, kind=POOL, label="Add-on pool", period=None)
SAVES = {"money_per_month": 56.0, "runs_per_week": None, "minutes_per_week": None}
AUDIT = {"findings": [{"kind": "idle_seat"}, {"kind": "idle_seat"}], "savings": SAVES, "currency": "USD"}
TEXTS = {
    "forecast": ladder(Kind.FORECAST, PLAIN),
    "forecast, late and unsure": ladder(Kind.FORECAST, grant(31.9, UNSURE)),
    "forecast, the pool": ladder(Kind.FORECAST, POOLED, own=False),
    "used": ladder(Kind.USED, grant(32.1), level=80),
    "used, estimated": ladder(Kind.USED, grant(32.1, bound=Bound.ESTIMATED), level=80),
    "used, in part": ladder(Kind.USED, grant(32.1, bound=Bound.AT_LEAST), own=False, level=80),
    "used, and it lasts": ladder(Kind.USED, grant(32.1, LASTS), level=80),
    "used, and its end is past": ladder(Kind.USED, grant(32.1, replace(ENDS, exhaust_at_ms=NOW_MS - DAY_MS)), level=80),
    "used, nothing forecast": ladder(Kind.USED, meter(32.1), level=80),
    "left": ladder(Kind.LEFT, grant(35.5), level=5),
    "left, hardly a prompt": ladder(Kind.LEFT, grant(39.5), level=5),
    "exhausted": ladder(Kind.EXHAUSTED, grant(41.5)),
    "exhausted, the pool": ladder(Kind.EXHAUSTED, replace(POOLED, used_micro=credits(41)), own=False),
    "exhausted, the spend limit": ladder(
        Kind.EXHAUSTED, replace(grant(41), kind=SPEND, label="Spend limit"), own=False
    ),
    "exhausted, an allocation": ladder(
        Kind.EXHAUSTED, replace(grant(41), kind=ALLOCATION, label="Analysts"), own=False
    ),
    "burn": burn_text(PLAIN, credits(9), credits(2), BERLIN, own=True),
    "prompt": prompt_text(PLAIN, Prompt(1, NOW_MS, credits(12.4)), COSTS, BERLIN, own=True),
    "prompt, nothing to compare": prompt_text(PLAIN, Prompt(1, NOW_MS, credits(12.4)), None, BERLIN, own=False),
    "reset": reset_text(PLAIN, BERLIN, own=True),
    "unused": unused_text(grant(8), BERLIN, own=True),
    "top_up": top_up_text(POOLED, 2, credits(200)),
    "runs": runs_text(runs_meter(420, 500, None)),
    "token, a week": token_text(NOW_MS + 7 * DAY_MS, 7, NOW_MS, BERLIN),
    "token, a day": token_text(NOW_MS + DAY_MS, 1, NOW_MS, BERLIN),
    "token, expired": token_text(NOW_MS, 1, NOW_MS, BERLIN),
    "blind": blind_text("Hex answered GET /threads with 503", NOW_MS, "the next poll tries again", BERLIN),
    "report": report_text(document("ed@acme.test"), AUDIT, BERLIN, "hexmeter report --week --last"),
    "test": message_of_test(NOW_MS, BERLIN),
    "restored": restored_text("file is not a database", "/data/hexmeter.db.damaged", NOW_MS, BERLIN),
}
TEXTS["digest"] = digest_text([TEXTS["used"], TEXTS["forecast"], TEXTS["exhausted"], TEXTS["burn"]])


def test_every_text_is_whole_and_printed() -> None:
    for name, text in TEXTS.items():
        print(f"[{name}, {text.severity}]\n{text.title}\n  {text.body}\n")
        assert text.title
        assert text.body.strip() == text.body
        assert "None" not in text.title + text.body
        assert text.severity in ("info", "warning", "critical")
        assert len(text.title) < 80


def test_every_kind_has_a_text() -> None:
    assert {kind.value for kind in Kind} <= {name.partition(",")[0] for name in TEXTS}


def test_the_window_the_prompts_and_the_days_are_named() -> None:
    assert (TEXTS["used"].title, TEXTS["used"].body) == (
        "Hex credits: 80 % used",
        "7.9 of 40 left. At this pace they end Thu 26 Nov, 5 days before the reset on Tue 1 Dec. About 5 typical"
        " prompts.",
    )
    assert (TEXTS["forecast"].title, TEXTS["forecast"].body) == (
        "Hex credits: not enough until the reset",
        "8.1 of 40 left. At this pace they end Thu 26 Nov, in 4 working days, 5 days before the reset on Tue 1 Dec."
        " About 5 typical prompts.",
    )
    assert (TEXTS["forecast, late and unsure"].title, TEXTS["forecast, late and unsure"].body) == (
        "Hex credits: perhaps not enough until the reset",
        "8.1 of 40 left. At this pace they may not last until the reset on Tue 1 Dec. About 5 typical prompts.",
    )
    assert TEXTS["used, estimated"].title == "Hex credits: about 80 % used"
    assert TEXTS["used, in part"].title == "ed@acme.test: at least 80 % used"
    assert TEXTS["used, in part"].body.startswith("At most 7.9 of 40 left. ")
    assert TEXTS["used, in part"].body.endswith(" At most about 5 typical prompts.")
    assert TEXTS["used, and its end is past"].body == (
        "7.9 of 40 left. At this pace they may end any hour, 9 days before the reset on Tue 1 Dec. About 5 typical"
        " prompts."
    )
    assert TEXTS["token, expired"].body.startswith("It was valid until Sun 22 Nov 13:00. Make a new one")
    assert TEXTS["used, and it lasts"].body.startswith("7.9 of 40 left. At this pace they last until the reset")


def test_the_lead_time_is_in_working_days() -> None:
    days = [lead_text(NOW_MS + 5 * DAY_MS, NOW_MS + (5 + day) * DAY_MS, BERLIN) for day in range(5)]
    assert days == [
        *("today", "before the next working day", "before the next working day"),
        *("in 1 working day", "in 2 working days"),
    ], "from a Friday on"
