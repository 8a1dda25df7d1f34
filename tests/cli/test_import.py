"""`hexmeter import` from the file to the meter, over a running daemon on a simulated Hex."""

import sys
from datetime import UTC, datetime, timedelta

import pytest

from running_daemon import Home


def write(home: Home, text: str | bytes, name: str = "usage.csv") -> str:
    path = home.folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def log() -> str:
    """Four rows: one of eve's that counts, one that is for comparison, one of ed's, and one that is none."""
    now = datetime.now(UTC)
    before, today = (now - timedelta(days=8)).isoformat(), now.isoformat()
    return (
        "Timestamp;User Email;Credits Used;Model\r\n"
        f'{before};Eve@Acme.test;2,5;"a\nb"\r\n{today};eve@acme.test;1,25;m\r\n{today};ed@acme.test;23;m\r\nTotal;;26,75;\r\n'
    )


def test_a_log_is_tried_imported_and_known_again(admins: Home) -> None:
    admins.start()
    assert admins.ask("poll").code == 0
    file = write(admins, log())
    tried = admins.ask("import", file, "--dry-run")
    assert (tried.code, tried.err) == (0, "")
    assert "parted by semicolons: time = 'Timestamp', user = 'User Email', credits = 'Credits Used'" in tried.out
    assert "3 rows would be new, 0 were known." in tried.out
    assert "Rows left out: 1\n  line 6: 'Total' is no time" in tried.out
    assert admins.query("SELECT count(*) FROM imports") == [(0,)]

    taken = admins.ask("import", file, "--json").json
    assert (taken["new"], taken["known"], taken["left_out"], taken["counts"]) == (3, 0, 1, 2.5)
    assert taken["users"][1] == {"user": "eve@acme.test", "rows": 2, "credits": 3.75, "counts": 2.5}
    assert taken["mapping"]["model"] == "Model"
    assert (admins.ask("import", file, "--json").json["known"], taken["schema"]) == (3, 1)
    assert {meter["label"]: meter["used"] for meter in admins.ask("status", "--json").json["meters"]} == {
        "ada@acme.test": 0.0,
        "ed@acme.test": 24.0,
        "eve@acme.test": 3.75,
    }
    admins.assert_sums()
    compared = admins.ask("usage", "--compare", "--since", "30d")
    assert compared.code == 0
    assert [line.split() for line in compared.out.splitlines()[2:]] == [
        ["USER", "POLLED", "IMPORTED", "DIFFERENCE", "OF", "IT", "COUNTS"],
        ["ed@acme.test", "about", "24", "23", "-1", "0"],
        ["eve@acme.test", "about", "1.25", "3.75", "+2.5", "2.5"],
    ]
    assert admins.ask("usage", "--compare", "--by", "model").code == 2
    one = write(admins, "time,user,credits\n2026-11-02T09:00,ed@acme.test,1\n")
    assert "1 row is new, 0 were known." in admins.ask("import", one).out
    assert "0 rows are new, 1 was known." in admins.ask("import", one).out


HOSTILE = {
    "binary": b"\x7fELF\x00\x00",
    "a workbook": b"PK\x03\x04\x00\x00",
    "empty": b"",
    "5,000 columns": b",".join(b"c%d" % number for number in range(5000)),
    "a huge field": b'time,user,credits\n"' + b"x" * 3_000_000 + b'",a,1\n',
    "UTF-16": "time,user,credits\n".encode("utf-16"),
    "latin-1": "time,user,credits\n2026-11-01,é,1\n".encode("latin-1"),
    "formulas": b'time,user,credits\n=1+1,=cmd,"=HYPERLINK(""x"")"\n',
    "escapes for headers": b"\x1b]0;x\x07,\x9b31m,b\n1,2,3\n",
    "no columns that are known": b"when,who,how much\n2026-11-01,ed,1\n",
}


def test_a_hostile_file_ends_in_one_clear_message(admins: Home) -> None:
    admins.start()
    for name, data in HOSTILE.items():
        ended = admins.ask("import", write(admins, data, "hostile.csv"))
        assert (ended.code, ended.out) == (2, ""), name
        said, hint = ended.err.splitlines()
        assert (said[:10], hint[:7], len(ended.err) < 900) == ("hexmeter: ", "  try: ", True), (name, ended.err)
        assert ended.err.replace("\n", "").isprintable(), (name, ended.err)
    assert "the columns are: when, who, how much" in ended.err
    assert admins.query("SELECT count(*) FROM imports") == [(0,)]


@pytest.mark.skipif(sys.platform == "win32", reason="folders open otherwise there")
def test_what_is_no_file_is_said_without_a_daemon(admins: Home) -> None:
    for path in ("no such file.csv", str(admins.folder)):
        ended = admins.ask("import", path)
        assert (ended.code, ended.err.startswith("hexmeter: cannot read ")) == (2, True)
    assert admins.ask("import", write(admins, log())).code == 5
    assert admins.ask("import", "x.csv", "--map", "colour=x").code == 2


def test_a_long_log_is_sent_in_parts(admins: Home) -> None:
    admins.start()
    lines = [
        f"2026-01-{1 + number % 28:02d} 10:{number % 60:02d},u{number % 7}@acme.test,0.5," for number in range(12_000)
    ]
    file = write(admins, "time,user,credits,type\n" + "\n".join(line + "ü" * 200 for line in lines))
    taken = admins.ask("import", file, "--json").json
    assert (taken["rows"], taken["new"], taken["credits"], len(taken["users"])) == (12_000, 12_000, 6000.0, 7)
    assert admins.query("SELECT count(*), sum(credits_micro) FROM imports") == [(12_000, 6_000_000_000)]
