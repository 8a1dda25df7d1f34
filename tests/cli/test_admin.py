"""What admins ask, by command: the audit, reports and exports."""

import csv
import io
import json

import pytest

from hexmeter.cli.explained import Explained
from hexmeter.cli.export import _whole
from running_daemon import Home

from .conftest import Hex


def test_audit_tells_what_was_found_what_to_do_and_what_is_not_known(admins: Home) -> None:
    admins.start()
    assert admins.ask("poll").code == 0
    ran = admins.ask("audit")
    document = admins.ask("audit", "--json", "--days", "7").json
    refused = admins.ask("audit", "--days", "999")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0].startswith("Audit · the last 30 days, since ")
    assert "Paid seats without use or login (1)" in lines
    assert "  ada@acme.test: Admin seat: no credit used in 30 days, last login: never." in lines
    none = next(line for line in lines if line.startswith("None were found: "))
    assert "grants that lapsed unused" in none or "Grants that lapsed unused (" in ran.out
    assert "schedules" not in none, "what is not known is not none"
    assert "Runs: not known: the projects are not read yet" in lines
    assert (document["schema"], document["days"], document["findings"][0]["kind"]) == (1, 7, "idle_seat")
    assert (refused.code, refused.out) == (2, "")
    assert "1 to 366" in refused.err


def test_report_is_told_in_words_and_written_as_markdown_json_and_one_html_file(admins: Home) -> None:
    admins.start()
    assert admins.ask("poll").code == 0
    ran = admins.ask("report")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Hex credits: ")
    assert "  ed@acme.test   about 24         0  new" in ran.out.splitlines()
    assert admins.ask("report", "--month", "--last", "--json").json["report"] == "month"
    assert "| ed@acme\\.test | about 24 | 0 | new |" in admins.ask("report", "--markdown").out
    page = admins.folder / "report.html"
    assert admins.ask("report", "--html", str(page)).code == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    refused = admins.ask("report", "--html", str(admins.folder / "nowhere" / "report.html"))
    assert (refused.code, refused.out) == (1, "")
    assert "nowhere" in refused.err


def test_export_writes_csv_that_is_no_formula_and_json_lines_that_are_exact(admins: Home, hex_: Hex) -> None:
    hex_.change("thread", email="eve@acme.test", credits="0.000001", title="=1+1")
    admins.start()
    assert admins.ask("poll").code == 0
    rows = list(csv.DictReader(io.StringIO(admins.ask("export", "--format", "csv").out)))
    assert {row["title"]: row["credits"] for row in rows}["'=1+1"] == "0.000001"
    lines = [json.loads(line) for line in admins.ask("export", "ledger", "--format", "jsonl").out.splitlines()]
    assert sum(round(line["credits"] * 1_000_000) for line in lines) == 25_250_001
    ran = admins.ask("export", "meters", "--anonymous")
    assert "acme" not in ran.out
    assert ran.err.startswith("Left out: label, note.")
    meters = admins.client.get("/v1/status")["meters"]
    assert len(list(csv.DictReader(io.StringIO(ran.out)))) == len(meters) > 0


def test_an_export_that_is_cut_short_says_so() -> None:
    rows = _whole(iter([{"row": 1}]))
    assert next(rows) == {"row": 1}
    with pytest.raises(Explained, match="cut short"):
        next(rows)
