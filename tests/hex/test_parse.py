"""Hex's JSON: whatever it holds, our types or a bad answer; never another exception."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW_MS
from hexmeter.core.instants import to_iso
from hexmeter.core.model import Identity, Person
from hexmeter.hex import parse
from hexmeter.hex.errors import BadAnswer

NUMBERS = (
    st.integers(-(10**39), 10**39)
    | st.decimals()
    | st.sampled_from(
        [Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), Decimal("1e-999999"), Decimal("1e999999")]
    )
)
TEXTS = st.text(st.characters(), max_size=20) | st.sampled_from([to_iso(NOW_MS), "EDITOR", "t1"])
NAMES = st.sampled_from(
    [
        *(
            "id",
            "userId",
            "threadId",
            "createdAt",
            "creditsUsed",
            "model",
            "type",
            "source",
            "title",
            "sensitive",
            "url",
        ),
        *("email", "name", "role", "org", "token", "exp", "pagination", "after", "threads", "values"),
        *("message", "reason", "details", "issues", "traceId"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=6),
    max_leaves=25,
)
GOOD_THREAD = {"id": "t1", "createdAt": to_iso(NOW_MS), "creditsUsed": Decimal("1.5"), "userId": "u"}
GOOD_PERSON = {"id": "u", "email": "Ed@Acme.test", "name": "Ed", "role": "EDITOR"}
THREAD_LIKE = st.dictionaries(NAMES, JSON, max_size=5).map(lambda spoilt: {**GOOD_THREAD, **spoilt})
PERSON_LIKE = st.dictionaries(NAMES, JSON, max_size=5).map(lambda spoilt: {**GOOD_PERSON, **spoilt})
ANY_DOCUMENT = (
    JSON
    | THREAD_LIKE
    | PERSON_LIKE.map(lambda person: {"org": {"id": "o"}, "token": {"exp": 1}, **person})
    | st.fixed_dictionaries({"threads": st.lists(THREAD_LIKE | JSON, max_size=4)}, optional={"pagination": JSON})
    | st.fixed_dictionaries({"values": st.lists(PERSON_LIKE | JSON, max_size=4)}, optional={"pagination": JSON})
)


@pytest.mark.parametrize(
    "read", [parse.identity, parse.people_page, parse.threads_page, parse.single_thread, parse.error_words]
)
@given(document=ANY_DOCUMENT)
def test_no_document_does_worse_than_a_bad_answer(read: Callable[[Any], Any], document: Any) -> None:
    try:
        found = read(document)
    except BadAnswer as error:
        found = str(error)
    if isinstance(found, str):
        assert len(found.splitlines()) <= 1
    repr(found).encode()
    if isinstance(found, parse.Page):
        assert len(found.items) + len(found.warnings) == found.size
        assert all(len(warning) < 300 and len(warning.splitlines()) == 1 for warning in found.warnings)
        if read is parse.threads_page:
            assert all(item.credits_micro is None or item.credits_micro >= 0 for item in found.items)


@pytest.mark.parametrize(
    "exp",
    [None, True, "soon", 0, -5, 2**40, Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), [], {}],
    ids=repr,
)
def test_an_expiry_that_is_no_time_is_not_known(exp: object) -> None:
    assert parse.identity({"org": {"id": "o"}, "token": {"exp": exp}}) == Identity("o", None, None)


@pytest.mark.parametrize("exp", [1_800_000_000, Decimal("1800000000.0")])
def test_an_expiry_is_in_seconds(exp: object) -> None:
    found = parse.identity({**GOOD_PERSON, "org": {"id": "o"}, "token": {"exp": exp}})
    assert found == Identity("o", Person("u", "ed@acme.test", "Ed", "EDITOR"), 1_800_000_000_000)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ([], "Hex's answer about the token names no organisation"),
        ({"org": {}}, "Hex's answer about the token cannot be used: id is missing, not an id"),
        ({"org": {"id": "o"}, "id": 5}, "Hex's answer about the token cannot be used: id is 5, not an id"),
        (
            {"org": {"id": "o"}, "id": "u", "name": []},
            "Hex's answer about the token cannot be used: name is [], not a text",
        ),
    ],
)
def test_an_identity_that_cannot_be_used_says_why(document: object, why: str) -> None:
    with pytest.raises(BadAnswer) as error:
        parse.identity(document)
    assert str(error.value) == why


@pytest.mark.parametrize("document", [None, [], {}, {"threads": None}, {"threads": {}}, {"values": []}])
def test_a_page_without_its_list_is_a_bad_answer(document: object) -> None:
    with pytest.raises(BadAnswer, match=r"^Hex's list of threads has no list named threads$"):
        parse.threads_page(document)


@pytest.mark.parametrize(
    ("sensitive", "title"),
    [
        pytest.param({"sensitive": False}, "Salaries", id="it is not"),
        pytest.param({}, "Salaries", id="nothing said"),
        pytest.param({"sensitive": True}, None, id="it is"),
        pytest.param({"sensitive": None}, None, id="not known"),
        pytest.param({"sensitive": "yes"}, None, id="in another way"),
    ],
)
def test_a_thread_that_may_be_sensitive_has_no_title(sensitive: dict[str, object], title: str | None) -> None:
    found = parse.thread({**GOOD_THREAD, "title": "Salaries", **sensitive})
    assert (found.title, found.sensitive) == (title, title is None)


@pytest.mark.parametrize(
    ("title", "kept"),
    [("Sign-\nups\x1b[31m", "Sign- ups[31m"), ("", None), ("\u202e", None), ("x" * 999, "x" * 299 + "…")],
)
def test_titles_are_cleaned(title: str, kept: str | None) -> None:
    assert parse.thread({**GOOD_THREAD, "title": title}).title == kept


@pytest.mark.parametrize("id", ["", "x" * 201, "a\nb", "a\u200bb", "\ud800", None, 7])
def test_an_id_is_a_short_clean_text(id: object) -> None:
    page = parse.threads_page({"threads": [{**GOOD_THREAD, "id": id}]})
    assert (page.items, len(page.warnings)) == ((), 1)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"message": "Bad", "code": "X", "issues": [{"message": "a"}, "b", {"message": 5}]}, "Bad: a"),
        ({"message": "Bad", "issues": [{"message": str(n)} for n in range(9)]}, "Bad: 0: 1: 2"),
        ({"reason": "Gone", "details": "Away", "traceId": "t-1"}, "Gone: Away (trace t-1)"),
        ({"message": "one\ntwo\x1b[2J"}, "one two[2J"),
        ({"message": 5}, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_hexs_own_words_are_one_clean_line(document: object, words: str) -> None:
    assert parse.error_words(document) == words
