"""Strangers' strings: nothing in them may move a cursor, hide text or break a line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexmeter.core.strings import clean


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        pytest.param("Count sign-ups", "Count sign-ups", id="plain"),
        pytest.param("Zählt 数字 😀", "Zählt 数字 😀", id="not ASCII"),
        pytest.param("red \x1b[31malert\x1b[0m", "red [31malert[0m", id="escape sequences"),
        pytest.param("a\x00b\x07c\x7fd", "abcd", id="control"),
        pytest.param("a\x9b31mb\x85c", "a31mbc", id="C1"),
        pytest.param("one\ntwo\r\nthree\tfour", "one two  three four", id="newlines and tabs"),
        pytest.param("one\u2028two\u2029three\x0bfour\x0cfive", "onetwothreefourfive", id="other line ends"),
        pytest.param("user\u202etxt.exe\u202c", "usertxt.exe", id="a bidi override"),
        pytest.param("\u2066a\u2067b\u2069c\u200e\u200f\u061c", "abc", id="bidi isolates and marks"),
        pytest.param("zero\u200bwidth\ufeff", "zerowidth", id="no width"),
        pytest.param("\ud800lone\udfff", "lone", id="halves of pairs"),
        pytest.param("\U000e0041tag\ue000", "tag", id="tags and private use"),
        pytest.param("", "", id="empty"),
    ],
)
def test_what_could_do_harm_is_taken_out(text: str, harmless: str) -> None:
    assert clean(text) == harmless


@pytest.mark.parametrize("mark", ["x", "ü"])
def test_a_long_text_ends_in_an_ellipsis(mark: str) -> None:
    assert clean(mark * 300) == mark * 300
    assert clean(mark * 301) == mark * 299 + "…"
    assert clean(mark * 50, 10) == mark * 9 + "…"


@given(st.text(st.characters()), st.integers(1, 50))
def test_every_text_becomes_one_short_harmless_line(text: str, limit: int) -> None:
    harmless = clean(text, limit)
    assert len(harmless) <= limit
    assert len(harmless.splitlines()) <= 1
    assert not {unicodedata.category(mark) for mark in harmless} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert clean(harmless, limit) == harmless
    harmless.encode()
