"""What admins ask, by command: the audit."""

from running_daemon import Home


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
    assert "  ed@acme.test        24       0  new" in ran.out.splitlines()
    assert admins.ask("report", "--month", "--last", "--json").json["report"] == "month"
    assert "| ed@acme\\.test | 24 | 0 | new |" in admins.ask("report", "--markdown").out
    page = admins.folder / "report.html"
    assert admins.ask("report", "--html", str(page)).code == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    refused = admins.ask("report", "--html", str(admins.folder / "nowhere" / "report.html"))
    assert (refused.code, refused.out) == (1, "")
    assert "nowhere" in refused.err
