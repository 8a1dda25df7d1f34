"""`hexmeter usage` for eyes, as JSON and as CSV that no spreadsheet takes for a formula."""

import csv
import io

import pytest

from hexmeter.cli.usage import csv_cell
from hexmeter.service.documents.usagedocument import DIMENSIONS
from running_daemon import Home

from .conftest import Hex


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        pytest.param("=1+1", "'=1+1", id="equals"),
        pytest.param("+1", "'+1", id="plus"),
        pytest.param("-1", "'-1", id="minus"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("\t=1", "'\t=1", id="tab"),
        pytest.param("\r=1", "'\r=1", id="carriage return"),
        pytest.param("a=1", "a=1", id="only the first character counts"),
        pytest.param("", "", id="nothing"),
        pytest.param(None, "", id="not known"),
        pytest.param(-1.5, "-1.5", id="a figure of ours stays one"),
        pytest.param(3.0, "3", id="a whole figure"),
        pytest.param(0.000001, "0.000001", id="one micro-credit"),
        pytest.param(0.0, "0", id="zero"),
        pytest.param(8, "8", id="a count"),
        pytest.param(True, "true", id="a flag"),
    ],
)
def test_what_stands_in_a_cell(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


def test_the_same_sums_for_eyes_as_json_and_as_csv(admins: Home, hex_: Hex) -> None:
    hex_.change("thread", email="eve@acme.test", credits="0.5", title='=HYPERLINK("https://evil.test";"free, now")')
    admins.start()
    admins.ask("poll")
    hex_.change("grow", thread_id="main", credits="2.25")
    admins.ask("poll")
    for by in DIMENSIONS:
        document = admins.ask("usage", "--by", by, "--json").json
        table = list(csv.DictReader(io.StringIO(admins.ask("usage", "--by", by, "--csv").out)))
        assert [float(row["credits"]) for row in table] == [row["credits"] for row in document["rows"]]
        assert set(table[0]) == set(document["rows"][0]), "each field has its column"
        assert admins.ask("usage", "--by", by).out.startswith(f"Used {'' if by == 'day' else 'so far, '}from ")
    assert '"\'=HYPERLINK(""https://evil.test"";""free, now"")"' in admins.ask("usage", "--by", "thread", "--csv").out
    users = [line.split() for line in admins.ask("usage").out.splitlines()[2:]]
    assert [(line[0], line[1], line[2]) for line in users[1:]] == [
        *(("ed@acme.test", "about", "26.25"), ("eve@acme.test", "about", "1.75"), ("total", "about", "28"))
    ]
    prompts = admins.ask("usage", "--by", "prompt", "--since", "1h").out
    assert prompts.splitlines()[1].startswith("The dearest prompt: ")
    assert ", ed@acme.test, " in prompts.splitlines()[1]
    assert "2.25" in prompts
    assert "Count sign-ups" in prompts


def test_a_long_title_leaves_the_columns_in_sight(admins: Home, hex_: Hex) -> None:
    hex_.change("thread", email="eve@acme.test", credits="9", title="How did it go? " * 30)
    admins.start()
    admins.ask("poll")
    cut = "How did it go? How did it go? How did it go? How did it go?…"
    for command in (("usage", "--by", "thread"), ("usage", "--by", "prompt"), ("report",)):
        (line, *_) = [line for line in admins.ask(*command).out.splitlines() if "How did" in line]
        assert cut in line
        assert len(line) < 160


@pytest.mark.parametrize(
    ("options", "named"),
    [
        pytest.param(["--since", "yesterday"], "'yesterday' is no time", id="no time"),
        pytest.param(
            ["--since", "1d", "--until", "2d"],
            "since (1d ago) is not before until (2d ago); the other way round?",
            id="backward",
        ),
    ],
)
def test_what_is_no_span_is_exit_2_with_what_is_allowed(admins: Home, options: list[str], named: str) -> None:
    admins.start()
    ran = admins.ask("usage", *options)
    assert (ran.code, ran.out) == (2, "")
    assert named in ran.err
    assert "  try: since and until: a day such as 2026-11-01, an instant" in ran.err


def test_json_and_csv_at_once_is_exit_2(admins: Home) -> None:
    ran = admins.ask("usage", "--json", "--csv")
    assert (ran.code, ran.out) == (2, "")
