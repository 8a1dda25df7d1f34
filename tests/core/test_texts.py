"""Every text that an alert can have, word for word."""

import pytest

from builders import BERLIN, NOW_MS, meter
from hexmeter.core.alerts import Kind, Rung
from hexmeter.core.instants import DAY_MS
from hexmeter.core.meters import Bound, Meter
from hexmeter.core.outlooktexts import day as day_text
from hexmeter.core.outlooktexts import moment as moment_text
from hexmeter.core.texts import Text, blind_text, digest_text, ladder_text, restored_text

USED = Rung(Kind.USED)
EXHAUSTED = Rung(Kind.EXHAUSTED)
FIRST_MINUTE_MS = meter(1).period.start_ms + 60_000  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("rung", "figures", "own", "text"),
    [
        pytest.param(
            *(USED, meter(31.9), True),
            Text(
                "Hex credits: 79 % used",
                "8.1 of 40 left until the reset on Tue 1 Dec. At this pace the month comes to 44.43.",
                "warning",
            ),
            id="one's own, cut and not rounded",
        ),
        pytest.param(
            *(USED, meter(32, bound=Bound.ESTIMATED), True),
            Text(
                "Hex credits: about 80 % used",
                "About 8 of 40 left until the reset on Tue 1 Dec. At this pace the month comes to 44.56.",
                "warning",
            ),
            id="estimated",
        ),
        pytest.param(
            *(USED, meter(32, bound=Bound.AT_LEAST), False),
            Text(
                "ed@acme.test: at least 80 % used",
                "At most 8 of 40 left until the reset on Tue 1 Dec. At this pace the month comes to 44.56.",
                "warning",
            ),
            id="somebody else's, in part",
        ),
        pytest.param(
            *(USED, meter(39.996, now_ms=FIRST_MINUTE_MS, bound=Bound.ESTIMATED), True),
            Text("Hex credits: about 99 % used", "Less than 0.01 of 40 left until the reset on Tue 1 Dec.", "warning"),
            id="hardly anything left",
        ),
        pytest.param(
            *(USED, meter(32, now_ms=FIRST_MINUTE_MS), True),
            Text("Hex credits: 80 % used", "8 of 40 left until the reset on Tue 1 Dec.", "warning"),
            id="no pace in the first hour",
        ),
        pytest.param(
            *(EXHAUSTED, meter(41.5), True),
            Text(
                "Hex credits: the grant is used up",
                "41.5 of 40 used, 1.5 beyond the grant. Until the reset on Tue 1 Dec, prompts draw on the workspace's"
                " add-on credits, if it has any.",
                "critical",
            ),
            id="used up",
        ),
        pytest.param(
            *(EXHAUSTED, meter(40, bound=Bound.AT_LEAST), False),
            Text(
                "ed@acme.test: the grant is used up",
                "At least 40 of 40 used. Until the reset on Tue 1 Dec, prompts draw on the"
                " workspace's add-on credits, if it has any.",
                "critical",
            ),
            id="used up, in part",
        ),
        pytest.param(
            *(EXHAUSTED, meter(40.004, bound=Bound.ESTIMATED), True),
            Text(
                "Hex credits: the grant is used up",
                "About 40 of 40 used. Until the reset on Tue 1 Dec, prompts draw on the"
                " workspace's add-on credits, if it has any.",
                "critical",
            ),
            id="used up, estimated",
        ),
    ],
)
def test_an_alert_says_the_fact_the_consequence_and_the_way_out(
    rung: Rung, figures: Meter, own: bool, text: Text
) -> None:
    assert ladder_text(rung, figures, BERLIN, NOW_MS, own=own) == text


@pytest.mark.parametrize(
    ("why", "since_ms", "hint", "body"),
    [
        pytest.param(
            *("Hex answered GET /threads with 503", NOW_MS, "the next poll tries again"),
            "The figures are from Sun 22 Nov 13:00. Hex answered GET /threads with 503. The next poll tries again.",
            id="with figures",
        ),
        pytest.param(
            *("there is no token", None, "set HEX_TOKEN."),
            "Nothing has been read yet. There is no token. Set HEX_TOKEN.",
            id="without any",
        ),
        pytest.param(*("", NOW_MS, "why?"), "The figures are from Sun 22 Nov 13:00.  Why?", id="without a reason"),
    ],
)
def test_blindness_says_since_when_why_and_what_to_try(why: str, since_ms: int | None, hint: str, body: str) -> None:
    assert blind_text(why, since_ms, hint, BERLIN) == Text("Hexmeter cannot read Hex", body, "warning")


@pytest.mark.parametrize(
    ("severities", "count", "severity", "last"),
    [
        pytest.param(["warning"], 2, "warning", "t1", id="two warnings"),
        pytest.param(["warning", "critical"], 2, "critical", "t1", id="one is critical"),
        pytest.param(["warning"], 6, "warning", "t5", id="six fit"),
        pytest.param(["info", "warning"], 2, "warning", "t1", id="news and a warning"),
        pytest.param(["warning"], 9, "warning", "and 3 more: hexmeter alerts", id="nine do not"),
    ],
)
def test_several_alerts_are_one_message(severities: list[str], count: int, severity: str, last: str) -> None:
    texts = [Text(f"t{number}", "b", severities[number % len(severities)]) for number in range(count)]
    digest = digest_text(texts)
    lines = [f"t{number}" for number in range(min(count, 6))]
    assert digest == Text(f"Hex credits: {count} warnings", "\n".join([*lines, last] if count > 6 else lines), severity)
    assert digest.body.endswith(last)


def test_several_pieces_of_news_are_no_warnings() -> None:
    news = Text("eve@acme.test: the grant is back", "b", "info")
    assert digest_text([news, news]) == Text("Hex credits: 2 notices", f"{news.title}\n{news.title}", "info")


def test_days_and_moments_are_local() -> None:
    late_ms = NOW_MS + 11 * 3_600_000 + 300_000
    assert (day_text(late_ms, BERLIN), moment_text(late_ms, BERLIN)) == ("Mon 23 Nov", "Mon 23 Nov 00:05")
    days = [day_text(NOW_MS + day * DAY_MS, BERLIN).split()[0] for day in range(7)]
    assert days == ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]


def test_a_restoration_says_what_is_where_and_what_is_gone() -> None:
    text = restored_text("file is not a database", "/data/hexmeter.db.damaged-20261122T120000Z", NOW_MS, BERLIN)
    assert text == Text(
        "Hexmeter restored its database",
        "The database was damaged (file is not a database), so the backup of Sun 22 Nov 13:00 took its place. Usage"
        " since then is read from Hex again, with less exact times; calibrations made since then are missing. The"
        " damaged file is kept: /data/hexmeter.db.damaged-20261122T120000Z",
        "warning",
    )
