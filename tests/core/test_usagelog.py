"""A usage log is understood by its headers, row by row; every row has a key that no other download changes."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import BERLIN, credits, utc
from hexmeter.core.logcells import CellError, Marks, marks_of, read_credits
from hexmeter.core.logheaders import LogError, parse_mapping
from hexmeter.core.logrow import LogRow
from hexmeter.core.strings import clean
from hexmeter.core.usagelog import UsageLog, decode, understand


def log(text: str, *mapping: str) -> UsageLog:
    return understand(text, parse_mapping(mapping), BERLIN)


def row_of(time: str = "2026-11-22T09:30:00Z", user: str = "ed@acme.test", amount: str = "1.5") -> LogRow:
    found = log(f"time\tuser\tcredits\n{time}\t{user}\t{amount}\n")
    assert not found.bad, found.bad
    return found.rows[0]


HEADERS = {
    "plain": ("time,user,credits", {"time": 0, "user": 1, "credits": 2}),
    "spoken": (
        "Timestamp (UTC),User Email,Credits Used,Thread ID",
        {"time": 0, "user": 1, "credits": 2, "thread": 3},
    ),
    "camelCase": (
        "createdAt;userId;creditsUsed;threadId;model;source;type;id",
        {"time": 0, "user": 1, "credits": 2, "thread": 3, "model": 4, "source": 5, "type": 6, "id": 7},
    ),
    "snake_case and tabs": ("usage_date\tuser_email\tai_credits", {"time": 0, "user": 1, "credits": 2}),
    "an email before an id": ("user_id,email,date,credits", {"time": 2, "user": 1, "credits": 3}),
    "a time before a date": ("date,timestamp,user,credits", {"time": 1, "user": 2, "credits": 3}),
    "money beside credits": ("time,user,cost,amount,credits", {"time": 0, "user": 1, "credits": 4}),
    "quoted, with a comma": ('"time","user, who","email","credits"', {"time": 0, "user": 2, "credits": 3}),
}


@pytest.mark.parametrize(("header", "columns"), HEADERS.values(), ids=HEADERS)
def test_columns_are_found_by_their_header(header: str, columns: dict[str, int]) -> None:
    assert dict(log(header + "\n").layout.columns) == columns


@pytest.mark.parametrize(
    ("header", "mapping", "message"),
    [
        pytest.param("when,who,credits", [], "no column is the time; no column is the user", id="two are missing"),
        pytest.param("time,user,cost", [], "no column is the credits", id="money is no credits"),
        pytest.param("time,user,credits,Credits", [], "columns #3 and #4 are both called 'credits'", id="twice"),
        pytest.param("time,user,n", ["credits=m"], "there is no column 'm'", id="a column that is not there"),
        pytest.param("time,user,n", ["credits=#4"], "there is no column '#4'", id="a number that is not there"),
    ],
)
def test_what_is_needed_and_not_found_is_said_with_the_headers(header: str, mapping: list[str], message: str) -> None:
    with pytest.raises(LogError, match=message.replace("(", r"\(")) as caught:
        log(header + "\n", *mapping)
    assert caught.value.hint.endswith(", ".join(header.split(",")))


def test_a_person_names_the_columns_by_header_or_number() -> None:
    found = log("When;Who;n;n;id\n2026-11-22;Ed@Acme.test;9;2,5;x\n", "time=when", "user=Who", "credits=#4", "id=")
    assert dict(found.layout.columns) == {"time": 0, "user": 1, "credits": 3}
    assert (found.rows[0].user, found.rows[0].credits_micro) == ("ed@acme.test", credits(2.5))


@pytest.mark.parametrize("text", ["time", "colour=x", "time=", "time=a time=b"])
def test_a_mapping_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LogError):
        parse_mapping(text.split())


TIMES = {
    "UTC": ("2026-11-22T09:30:00.250Z", utc("2026-11-22T09:30") + 250),
    "an offset": ("2026-11-22T10:30:00+01:00", utc("2026-11-22T09:30")),
    "UTC, as words": ("2026-11-22 09:30:00 UTC", utc("2026-11-22T09:30")),
    "seconds": (str(utc("2026-11-22T09:30") // 1000), utc("2026-11-22T09:30")),
    "seconds with a fraction": (f"{utc('2026-11-22T09:30') // 1000}.25", utc("2026-11-22T09:30") + 250),
    "milliseconds": (str(utc("2026-11-22T09:30")), utc("2026-11-22T09:30")),
    "local": ("2026-11-22 10:30", utc("2026-11-22T09:30")),
    "a local date": ("2026-11-22", utc("2026-11-21T23:00")),
    "a local time that comes twice is the first": ("2026-10-25 02:30", utc("2026-10-25T00:30")),
}


@pytest.mark.parametrize(("cell", "at_ms"), TIMES.values(), ids=TIMES)
def test_times_are_read_in_many_forms(cell: str, at_ms: int) -> None:
    assert row_of(time=cell).at_ms == at_ms


def test_a_header_that_says_utc_is_believed() -> None:
    found = log("Date (UTC),user,credits\n2026-11-22 09:30,ed,1\n")
    assert found.rows[0].at_ms == utc("2026-11-22T09:30")


AMOUNTS = {
    "whole": ("12", 12),
    "exact": ("0.000001", 0.000001),
    "no leading zero": (".5", 0.5),
    "scientific": ("1.5E-05", 0.000015),
    "thousands and a point": ("1,234.5", 1234.5),
    "thousands and a comma": ("1.234,5", 1234.5),
    "a decimal comma": ("2,5", 2.5),
    "a comma before three digits, after a zero": ("0,125", 0.125),
    "a point before three digits": ("1.234", 1.234),
    "millions": ("1,234,567", 1234567),
    "a thin space": ("1\u202f234,5", 1234.5),
    "an apostrophe": ("1'234.5", 1234.5),
}


@pytest.mark.parametrize(("cell", "amount"), AMOUNTS.values(), ids=AMOUNTS)
def test_amounts_are_read_exactly(cell: str, amount: float) -> None:
    assert row_of(amount=cell).credits_micro == credits(amount)


@pytest.mark.parametrize(
    ("cells", "marks", "amount"),
    [
        pytest.param(["1,234", "2.5"], Marks.POINT, 1234, id="a thousand among decimal points"),
        pytest.param(["1,234", "2,5"], Marks.COMMA, 1.234, id="a fraction among decimal commas"),
        pytest.param(["1.234", "2,5"], Marks.COMMA, 1234, id="a thousand among decimal commas"),
        pytest.param(["1.234", "7"], Marks.UNSETTLED, 1.234, id="a lone point is a decimal point"),
        pytest.param(["1,234", "7"], Marks.UNSETTLED, None, id="a lone comma may be either"),
        pytest.param(["1.234", "2,5", "2.5"], Marks.MIXED, None, id="a column that mixes them settles nothing"),
    ],
)
def test_the_rest_of_a_column_settles_what_a_mark_means(cells: list[str], marks: Marks, amount: float | None) -> None:
    assert marks_of(cells) is marks
    if amount is not None:
        assert read_credits(cells[0], marks) == credits(amount)
        return
    with pytest.raises(CellError, match="may be a thousand and more, or a fraction"):
        read_credits(cells[0], marks)


BAD = {
    "no time": (",ed,1", "an empty cell is no time"),
    "a time of another custom": ("11/22/2026,ed,1", "'11/22/2026' is no time"),
    "a time out of reach": ("1970-01-01,ed,1", "'1970-01-01' is no time"),
    "a year beyond": ("9999-12-31T23:59:59-14:00,ed,1", "is no time"),
    "no amount": ("2026-11-22,ed,", "an empty cell is no amount"),
    "a formula": ("2026-11-22,ed,=1+1", "'=1+1' is no amount of credits"),
    "negative": ("2026-11-22,ed,-1", "-1 is negative"),
    "NaN": ("2026-11-22,ed,NaN", "'NaN' is no amount"),
    "too much": ("2026-11-22,ed,1e12", "is above"),
    "digits without end": ("2026-11-22,ed," + "9" * 5000, "is no amount"),
    "other digits": ("2026-11-22,ed,٣", "is no amount"),
    "too many cells": ("2026-11-22,ed,1,2", "it has 4 cells, the header 3"),
    "a user without end": (f"2026-11-22,{'e' * 300},1", "its user is longer"),
    "escapes": ("\x1b]0;x\x07,ed,1", "']0;x' is no time"),
}


@pytest.mark.parametrize(("line", "problem"), BAD.values(), ids=BAD)
def test_a_bad_row_is_left_out_with_its_line_and_its_fault(line: str, problem: str) -> None:
    found = log(f"time,user,credits\n2026-11-01,ed,1\n\n{line}\n2026-11-02,eve,2\n")
    assert [row.user for row in found.rows] == ["ed", "eve"]
    assert [(bad.line, problem in bad.problem, len(bad.problem) < 200) for bad in found.bad] == [(4, True, True)]


def test_a_quoted_cell_may_hold_new_lines_and_lines_are_counted_on() -> None:
    found = log('time,user,credits,type\r\n2026-11-22,ed,1,"two\nlines"\r\nx,ed,1,\r\n')
    assert (found.rows[0].type, found.bad[0].line) == ("two lines", 4)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "it is empty", id="empty"),
        pytest.param(b"\xef\xbb\xbf\n\n", "it is empty", id="a BOM alone"),
        pytest.param(b"PK\x03\x04...", "a workbook", id="a workbook"),
        pytest.param("time,user,credits\n".encode("utf-16"), "UTF-16", id="UTF-16"),
        pytest.param(b"time,user,credits\n2026-11-22,\xe9d,1\n", "line 2 is not UTF-8", id="latin-1"),
        pytest.param(b"time,user,credits\n\x00\x01\x02", "line 2 holds a NUL", id="binary"),
        pytest.param(b"time,user,credits" + b",x" * 5000, "line 1 has 5003 columns", id="5,000 columns"),
        pytest.param(b"time,user,credits\n" + b"x" * 200_000, "line 2 is no row of a table: field larger", id="huge"),
        pytest.param(b'time,user,credits\n2026-11-22,"ed,1\n', "line 2 is no row of a table", id="an open quote"),
        pytest.param(b"hello", "no column is the time", id="a word"),
    ],
)
def test_a_file_that_is_no_log_ends_in_one_message(data: bytes, message: str) -> None:
    with pytest.raises(LogError, match=message) as caught:
        log(decode(data))
    assert len(str(caught.value)) < 250
    assert caught.value.hint


def test_a_log_with_a_bom_and_carriage_returns_alone_is_read() -> None:
    assert len(log(decode(b"\xef\xbb\xbftime,user,credits\r2026-11-22,ed,1\r")).rows) == 1


def test_an_id_that_rows_share_is_no_id() -> None:
    head = "time,user,credits,id\n2026-11-22,ed,1,a\n"
    assert (len(log(head + "2026-11-22,ed,1,a\n").rows), log(head + "2026-11-22,ed,1,a\n").repeated) == (1, 1)
    with pytest.raises(LogError, match="lines 2 and 3 share one and differ"):
        log(head + "2026-11-22,ed,2,a\n")
    assert len(log(head + "2026-11-22,ed,2,a\n", "id=").rows) == 2


LINES = st.lists(
    st.tuples(
        st.sampled_from(["2026-11-20T10:00:00Z", "2026-11-20 10:00", "2026-11-21", "1795348800"]),
        st.sampled_from(["ed@acme.test", "eve@acme.test", ""]),
        st.sampled_from(["1", "2.5", "0"]),
    ),
    max_size=12,
)


def keys(lines: Sequence[tuple[str, str, str]]) -> set[tuple[str, int]]:
    found = log("time,user,credits\n" + "\n".join(",".join(line) for line in lines))
    assert len(found.rows) == len(lines)
    assert len({row.key for row in found.rows}) == len(lines)
    return {(row.key, row.credits_micro) for row in found.rows}


@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_key(lines: list[tuple[str, str, str]], random: object) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert keys(shuffled) == keys(lines)


@given(LINES)
def test_nothing_is_lost_and_totals_are_those_of_the_file(lines: list[tuple[str, str, str]]) -> None:
    assert sum(micro for _, micro in keys(lines)) == sum(round(float(line[2]) * 1_000_000) for line in lines)


@given(st.text(max_size=300))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        log("time,user,credits\n" + text)
        log(text)
    except LogError as error:
        said = f"{error} {error.hint}"
    else:
        said = ""
    assert clean(said, 5000) == said
