"""Instants: milliseconds and ISO 8601, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW_MS, utc
from hexmeter.core.instants import from_datetime, parse_iso, to_datetime, to_iso


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("2026-11-22T12:00:00.123Z", NOW_MS + 123),
        ("2026-11-22T12:00:00Z", NOW_MS),
        ("2026-11-22T13:00:00+01:00", NOW_MS),
        ("2026-11-22T12:00:00", NOW_MS),
        ("2026-11-22T12:00:00.123999Z", NOW_MS + 123),
        ("2000-01-01T00:00:00Z", utc("2000-01-01")),
    ],
)
def test_an_instant_is_read(text: str, at_ms: int) -> None:
    assert parse_iso(text) == at_ms


@pytest.mark.parametrize(
    "text",
    ["", "the other day", "1999-12-31T23:59:59Z", "2201-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "1795348800"],
)
def test_what_is_no_instant_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the caller catches no more than this)
        parse_iso(text)


@given(st.text(max_size=40))
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    try:
        parse_iso(text)
    except ValueError:
        return


@given(st.integers(utc("2000-01-01"), utc("2199-12-31")))
def test_instants_round_trip(at_ms: int) -> None:
    assert from_datetime(to_datetime(at_ms)) == at_ms
    assert parse_iso(to_iso(at_ms)) == at_ms // 1000 * 1000
