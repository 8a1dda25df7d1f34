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
