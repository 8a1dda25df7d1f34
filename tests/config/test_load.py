"""The configuration file: every fault at once, each with its key, value, line and what would be right."""

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
import tzlocal

from builders import utc
from hexmeter.config.channels import ChannelPlan
from hexmeter.config.load import ConfigError, load
from hexmeter.config.model import Config, PollSettings
from hexmeter.config.token import TokenKeys
from hexmeter.core.grants import Plan
from hexmeter.core.instants import DAY_MS, MINUTE_MS
from hexmeter.core.pool import Balance, PoolPlan
from hexmeter.core.reportplan import ReportPlan
from hexmeter.core.rules import AlertRules

from .reading import DATABASE, FILE, faults, read

EXAMPLE = Path(__file__).resolve().parents[2] / "config.example.toml"


def test_an_empty_file_is_all_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tzlocal, "get_localzone", lambda: ZoneInfo("Asia/Kolkata"))
    assert read("") == Config(
        path=FILE,
        base_url="https://app.hex.tech/api/v1",
        token=TokenKeys(FILE),
        plan=Plan(),
        reset_day=1,
        zone=ZoneInfo("Asia/Kolkata"),
        watch=None,
        poll=PollSettings(5 * MINUTE_MS, 15, 900, 62 * DAY_MS, 190 * DAY_MS),
        pool=PoolPlan(),
        allocations=(),
        rules=AlertRules(),
        quiet=None,
        quiet_critical=False,
        notify_desktop=True,
        channels=ChannelPlan(),
        report=ReportPlan(None, None, time(9), ("desktop",)),
        socket=None,
        api_group=None,
        database=DATABASE,
        keep_days=None,
        backups=2,
        notes=(),
    )


WRONG = """\
colour = "blue"
[plan]
tier = "gold"
reset_day = 32
reset_dya = 3
timezone = "Berlin"
[alertz]
[poll]
every = "4s"
requests_per_minute = 1.5
[alerts]
used = [80, 101]
[hex]
base_url = "http://hex.acme.test/api/v1"
"""


def test_all_faults_are_told_at_once_in_the_order_of_their_lines() -> None:
    assert faults(WRONG) == [
        ":1: colour is in no table",
        ':3: plan.tier = "gold": must be one of "professional", "team", "enterprise"',
        ":4: plan.reset_day = 32: must be a whole number from 1 to 31",
        ":5: plan.reset_dya is not a known key; did you mean reset_day?",
        ':6: plan.timezone = "Berlin": must be a time zone of the IANA database, such as "Europe/Berlin"',
        ":7: [alertz] is not a known table; did you mean alerts?",
        ':9: poll.every = "4s": must be a duration such as "30s", "5m", "2h" or "62d", at least "5s"',
        ":10: poll.requests_per_minute = 1.5: must be a whole number from 1 to 100000",
        ":12: alerts.used = [80, 101]: must be a list of per cents above 0 and up to 100, such as [50, 80]",
        ':14: hex.base_url = "http://hex.acme.test/api/v1": must be an https URL such as'
        ' "https://app.hex.tech/api/v1" (plain http only to this machine)',
    ]


def test_a_key_above_all_tables_is_told_where_it_belongs() -> None:
    assert faults("tier = 'team'\nusers = 'me'\nenabled = true\n[plan]\n") == [
        ":1: tier is in no table; did you mean it below [plan]?",
        ":2: users is in no table; did you mean it below [watch] or [notify]?",
        ":3: enabled is in no table; did you mean it below [dashboard]?",
    ]


A_MOMENT = "a day such as 2026-11-01, or an instant such as 2026-11-01T09:30:00+01:00"
CREDITS = "a number of credits above 0"
EMAILS = 'a table of "email" = credits'
WATCHED = '"me", "everyone", or a list of emails'
LEVELS = "a list of per cents above 0 and up to 100, such as [50, 80]"
MINUTE = 'a duration such as "30s", "5m", "2h" or "62d", at least "5s"'
DIGITS = "9" * 3_000


@pytest.mark.parametrize(
    ("line", "shown", "must_be"),
    [
        ("plan.tier = 3", "3", 'one of "professional", "team", "enterprise"'),
        ("plan.reset_day = true", "true", "a whole number from 1 to 31"),
        ("plan.reset_day = 0", "0", "a whole number from 1 to 31"),
        ("plan.timezone = ''", '""', 'a time zone of the IANA database, such as "Europe/Berlin"'),
        ("plan.timezone = '../x'", '"../x"', 'a time zone of the IANA database, such as "Europe/Berlin"'),
        ("plan.timezone = 2026-01-01", "2026-01-01", 'a time zone of the IANA database, such as "Europe/Berlin"'),
        ("plan.grant = 0", "0", CREDITS),
        ("plan.grant = -1.5", "-1.5", CREDITS),
        ("plan.grant = nan", "NaN", CREDITS),
        ("plan.grant = inf", "Infinity", CREDITS),
        ("plan.grant = 1e308", "1E+308", CREDITS),
        ("plan.grant = '40'", '"40"', CREDITS),
        ("plan.grant = true", "true", CREDITS),
        ("plan.grants = { ed = 1 }", "{ed = 1}", EMAILS),
        ("plan.grants = { 'ed@acme.test' = 0 }", '{"ed@acme.test" = 0}', CREDITS),
        ("plan.grants = 40", "40", EMAILS),
        (
            "plan.grants = { 'Ed@acme.test' = 60, 'ed@acme.test' = 40 }",
            '{"Ed@acme.test" = 60, "ed@acme.test" = 40}',
            "each email once: capitals make no other",
        ),
        ("watch.users = 'all'", '"all"', WATCHED),
        ("watch.users = []", "[]", WATCHED),
        ("watch.users = ['ed']", '["ed"]', WATCHED),
        ("watch.users = [['ed@acme.test']]", '[["ed@acme.test"]]', WATCHED),
        ("poll.every = 300", "300", MINUTE),
        ("poll.every = '5 m'", '"5 m"', MINUTE),
        ("poll.every = '-5m'", '"-5m"', MINUTE),
        ("poll.every = '10001d'", '"10001d"', MINUTE),
        (f"poll.every = '{DIGITS}m'", '"' + "9" * 78 + "…", MINUTE),
        ("alerts.used = 80", "80", LEVELS),
        ("alerts.used = [0]", "[0]", LEVELS),
        ("alerts.used = [true]", "[true]", LEVELS),
        ("alerts.used = [nan]", "[NaN]", LEVELS),
        ("alerts.used = [inf]", "[Infinity]", LEVELS),
        ("alerts.left = 5", "5", "a list of credits above 0, such as [10, 2.5]"),
        ("alerts.left = [0]", "[0]", CREDITS),
        ("pool.as_of = 'yesterday'", '"yesterday"', A_MOMENT),
        ("pool.as_of = 1", "1", A_MOMENT),
        ("pool.top_up = { below = 1 }", "{below = 1}", "a table of both below and amount, in credits"),
        ("pool.top_up = { below = 1, amount = -1 }", "{below = 1, amount = -1}", CREDITS),
        ("notify.desktop = 1", "1", "true or false"),
        ("api.socket = ' '", '" "', "a text in quotes"),
        ("storage.keep_days = 30", "30", "a whole number from 62 to 36500"),
        ("storage.backups = -1", "-1", "a whole number from 0 to 100"),
        (r'storage.path = "a\u0000b"', '"ab"', "a text in quotes"),
    ],
)
def test_a_wrong_value_is_shown_with_what_would_be_right(line: str, shown: str, must_be: str) -> None:
    assert faults(line) == [f":1: {line.partition(' ')[0]} = {shown}: must be {must_be}"]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://app.hex.tech/api/v1/", "https://app.hex.tech/api/v1"),
        ("http://127.0.0.1:8123/api/v1", "http://127.0.0.1:8123/api/v1"),
        ("http://127.9.9.9/", "http://127.9.9.9"),
        ("http://[::1]:8123/api/v1", "http://[::1]:8123/api/v1"),
        ("http://localhost/api/v1", "http://localhost/api/v1"),
    ],
)
def test_https_goes_anywhere_and_plain_http_to_this_machine(url: str, kept: str) -> None:
    assert read(f"hex.base_url = '{url}'").base_url == kept


@pytest.mark.parametrize(
    "url",
    [
        *("", "app.hex.tech/api/v1", "ftp://app.hex.tech", "https://", "https://:443/x", "https://h:99999/"),
        *("http://app.hex.tech/api/v1", "http://127.0.0.1.acme.test/", "http://localhost.acme.test", "http://0.0.0.0/"),
        *(
            "http://10.0.0.1/",
            "http://127.0.0.1@acme.test/",
            "https://ed:pw@app.hex.tech/",
            "https://:pw@app.hex.tech/",
        ),
        *("https://app.hex.tech/api/v1?", "https://app.hex.tech/api/v1#", "https://app.hex.tech/?a=b"),
        *("https://app.hex.tech/a b", r"https://app.hex.tech/\napi", r"https://app.hex.tech\u200b/api", "https://[::1"),
    ],
)
def test_no_other_address_gets_the_token(url: str) -> None:
    found = faults(f'hex.base_url = "{url}"')
    assert len(found) == 1
    assert found[0].endswith(
        'must be an https URL such as "https://app.hex.tech/api/v1" (plain http only to this machine)'
    )


@pytest.mark.parametrize("key", ["token_file", "base_url"])
def test_a_token_put_in_the_wrong_place_is_not_shown(key: str) -> None:
    found = faults(f'hex.{key} = "hxtp_0123456789abcdef"')
    assert found[0].startswith(f':1: hex.{key} = "hxt…": must be ')


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("a = 1\nb = \n", ":2", "not valid TOML: Invalid value"),
        ("[plan]\n[plan]\n", ":2", "not valid TOML: Cannot declare"),
        ("plan.reset_day = " + "9" * 5_000, "", "a number in it is too long, or a list too deep"),
        ("plan.grant = 1e" + "9" * 30, "", "a number in it is too long, or a list too deep"),
        ("alerts.used = " + "[" * 5_000, "", "a number in it is too long, or a list too deep"),
    ],
)
def test_what_is_no_toml_is_said_with_its_line(content: str, line: str, what: str) -> None:
    (found,) = faults(content)
    assert found.startswith(f"{line}: {what}")


def test_a_table_that_is_a_value_is_said() -> None:
    assert faults("[watch]\n[[poll]]\n")[0] == ": poll = … must be a table: [poll]"
    assert faults("poll = 5") == [":1: poll = … must be a table: [poll]"]


def test_lines_are_found_for_dotted_keys_and_inline_tables() -> None:
    assert faults("\n\nplan.tier = 1")[0].startswith(":3: plan.tier = 1")
    assert faults("\nplan = { tier = 1 }")[0].startswith(":2: plan.tier = 1")
    assert faults("# a line end of Unicode's: \u2028\n[plan]\ntier = 1")[0].startswith(":3: plan.tier = 1")


def test_no_control_character_reaches_the_terminal() -> None:
    assert "\x1b" not in "".join(faults('[plan]\n"\\u001b[31m" = 1\ntier = "\\u001b[31m"\n["\\u001b"]\n'))


def test_a_machine_without_a_zone_must_be_told_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> ZoneInfo:
        raise ZoneInfoNotFoundError("No time zone found with key Nowhere/Land")

    monkeypatch.setattr(tzlocal, "get_localzone", nowhere)
    assert faults("") == [": plan.timezone is not set, and this machine does not tell its own: set it"]
    assert read("plan.timezone = 'Asia/Tokyo'").zone == ZoneInfo("Asia/Tokyo")


# The file


def test_a_home_that_does_not_exist_stays_in_the_path() -> None:
    found = read("hex.token_file = '~nobody-of-this-name/token'\nstorage.path = '~/x.db'")
    assert found.token.file == FILE.parent / "~nobody-of-this-name/token"
    assert found.database == Path.home() / "x.db"


def test_a_file_is_read_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert load(path, must_exist=False, default_database=DATABASE).reset_day == 1
    path.write_text("plan.reset_day = 7")
    assert load(path, must_exist=True, default_database=DATABASE).reset_day == 7


def test_paths_are_relative_to_the_file_wherever_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = read("storage.path = 'x.db'", Path("sub/config.toml"))
    assert found.database == tmp_path / "sub" / "x.db"


@pytest.mark.parametrize("kind", ["missing", "a folder", "no text"])
def test_a_file_that_cannot_be_read_is_an_error_of_configuration(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "config.toml"
    if kind == "a folder":
        path.mkdir()
    elif kind == "no text":
        path.write_bytes(b"\xff\xfe")
    said = {
        "missing": "there is no such file; copy config.example.toml there",
        "a folder": "cannot be read: Is a directory",
        "no text": "is not UTF-8 text",
    }
    with pytest.raises(ConfigError) as error:
        load(path, must_exist=True, default_database=DATABASE)
    assert str(error.value) == f"{path}: {said[kind]}"


def test_a_balance_needs_to_know_when_it_was_read() -> None:
    what = "pool.balance is set without pool.as_of: say when the balance was read, such as as_of = 2026-11-01"
    assert faults("[pool]\nbalance = 500\n") == [f":2: {what}"]


@pytest.mark.parametrize(
    ("as_of", "instant"),
    [
        pytest.param("2026-11-01", "2026-10-31T23:00", id="a day begins in the plan's zone"),
        pytest.param("'2026-11-01'", "2026-10-31T23:00", id="as text"),
        pytest.param("2026-11-01T09:30:00", "2026-11-01T08:30", id="a local instant"),
        pytest.param("2026-11-01T09:30:00Z", "2026-11-01T09:30", id="an instant"),
    ],
)
def test_a_balance_was_read_on_a_day_or_at_an_instant(as_of: str, instant: str) -> None:
    config = read(f"[plan]\ntimezone = 'Europe/Berlin'\n[pool]\nbalance = 500\nas_of = {as_of}\n")
    assert config.pool.balance == Balance(utc(instant), 500_000_000)


def test_a_group_needs_a_socket_that_it_can_reach() -> None:
    what = "api.group is set without api.socket: the usual socket is in a folder that others cannot enter"
    assert faults("[api]\ngroup = 'hexmeter'\n") == [f":2: {what}"]
