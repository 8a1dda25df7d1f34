"""Whatever the daemon's document says, the page is whole and invents nothing."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hexmeter.page.page import page
from hexmeter.page.view import DAYS_BY, SORTS, View

from .documents import alert, course, days, document, meter, thread
from .outline import Outline

AMOUNTS = st.floats(0, 1e6, allow_nan=False)
TEXTS = st.text(max_size=30)
BOUNDS = st.sampled_from(["exact", "estimated", "at_least"])
FORECASTS = st.one_of(
    st.builds(lambda reason: {"unknown": reason}, TEXTS),
    st.builds(
        lambda low, more, most, at, probability: {
            "low": low,
            "expected_total": low + more,
            "high": low + more + most,
            "exhaust_at": at,
            "probability": probability,
        },
        *(AMOUNTS, AMOUNTS, AMOUNTS),
        st.sampled_from([None, "2026-10-31T23:00:00Z", "2026-11-22T12:00:00Z", "2026-11-26T17:00:00Z"]),
        st.floats(0, 1),
    ),
)


@st.composite
def meters(draw: st.DrawFn) -> dict[str, Any]:
    used, limit = draw(st.none() | AMOUNTS), draw(st.none() | AMOUNTS)
    state = "unknown" if used is None or limit is None else "exhausted" if used >= limit else "ok"
    email = draw(TEXTS)
    kind = draw(st.sampled_from(["grant", "pool", "spend", "allocation", "runs"]))
    return meter(
        used,
        limit,
        id=f"{kind}:{email}",
        kind=kind,
        label=email,
        state=state,
        bound=draw(BOUNDS),
        forecast=draw(FORECASTS),
        adjustment=draw(st.sampled_from([0.0, 3.5, -2.0])),
        note=draw(st.none() | TEXTS),
        course=draw(st.sampled_from([None, course(used or 0.0), {**course(0.0), "points": []}])),
        prompts_left=draw(st.sampled_from([None, {"typical": 0, "heavy": 0, "known": 1}])),
        **({"period": None} if kind in ("pool", "runs") else {}),
    )


DOCUMENTS = st.builds(
    lambda found, amounts, bound, words, stale, identity, more: document(
        *found,
        identity=identity,
        days=days(*amounts, bound=bound, **({words: [amount / 2 for amount in amounts]} if amounts else {})),
        threads={"since": "2026-11-16T00:00:00Z", "rows": [thread(title=words, user=words, url=words, bound=bound)]},
        alerts=[alert(title=words, body=words, why=[words])],
        **{"stale": stale, **more},
    ),
    st.lists(meters(), max_size=4, unique_by=lambda one: one["id"]),
    st.lists(AMOUNTS, max_size=4),
    BOUNDS,
    TEXTS.filter(lambda words: words != "bound"),
    st.booleans(),
    st.none() | st.builds(lambda email: {"email": email, "role": None, "org": "o"}, st.none() | TEXTS),
    st.sampled_from(
        [
            {},
            {"last_poll": None, "stale": True},
            {"last_poll": {"at": "2026-11-22T12:00:00Z", "ok": False, "error": "x", "requests": 0}},
            {"progress": {"done": 0, "of": None, "back_to": "2026-08-12T00:00:00Z", "share": 0.0}},
            {"links": {"hex": None}},
        ]
    ),
)
VIEWS = st.builds(View, st.sampled_from(SORTS), st.sampled_from(DAYS_BY), st.booleans(), TEXTS, st.booleans())


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, VIEWS)
def test_every_document_is_a_page(shown: dict[str, Any], view: View) -> None:
    made = page(shown, view, live=True)
    outline = Outline(made.html())
    ids = [attrs["id"] for _, attrs in outline.found if "id" in attrs]
    assert len(ids) == len(set(ids))
    for name, html in made.sections.items():
        assert Outline(html).found[0][1]["id"] == name
    drawn = [attrs.get(name) or "" for _, attrs in outline.found for name in ("points", "d", "x", "y", "height")]
    assert not [value for value in drawn if "nan" in value or "inf" in value]


@given(meters())
def test_a_meter_without_a_figure_shows_none(shown: dict[str, Any]) -> None:
    section = page(document(shown), View(), live=False).sections["meters"]
    assert ("<strong>unknown</strong>" in section) == (shown["remaining"] is None)
    assert shown["remaining"] is not None or "<polyline" not in section.replace("<ul", "")
