"""Every key: written in the example with what it does, taken as written, used by the program, and there is no other."""

import ast
import re
import tomllib
from dataclasses import fields
from datetime import time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from builders import utc
from hexmeter.config.channels import Address, Channel, ChannelPlan
from hexmeter.config.load import load, parse
from hexmeter.config.model import Config, PollSettings
from hexmeter.config.schema import FREE_TABLES, KEYS
from hexmeter.config.token import TokenKeys
from hexmeter.core.allocations import Allocation
from hexmeter.core.grants import Plan
from hexmeter.core.instants import DAY_MS, HOUR_MS, SECOND_MS
from hexmeter.core.pool import Balance, PoolPlan, TopUp
from hexmeter.core.quiet import QuietHours
from hexmeter.core.reportplan import ReportPlan
from hexmeter.core.rules import AlertRules

from .reading import DATABASE, FILE, faults, read

EXAMPLE = Path(__file__).resolve().parents[2] / "config.example.toml"


FULL = """
[hex]
base_url = "https://eu.hex.tech/api/v1/"
token_command = "pass show 'my hex'"
token_file = "secret/token"
keyring = "work"
[plan]
tier = "team"
reset_day = 31
timezone = "Europe/Berlin"
grant = 40
[plan.grants]
"Ed@Acme.test" = 60.5
[watch]
users = ["Ed@acme.test", "di@acme.test", "ed@acme.test"]
[poll]
every = "5s"
requests_per_minute = 30
requests_per_hour = 1800
window = "1d"
history = "48h"
[alerts]
used = [95, 80, 99.5, 80]
left = [10, 2.5, 10]
forecast = false
exhausted = false
burn = true
prompt = true
prompt_cost = 4.5
reset = true
unused = 30
top_up = 3
runs = true
blind = false
token = false
quiet_hours = "22:00-07:30"
quiet_critical = true
[pool]
balance = 500
as_of = 2026-11-01
monthly_spend_limit = 300
top_up = { below = 50, amount = 200 }
[allocations]
"Ed@Acme.test" = 25.5
"group:Analysts" = { limit = 200, members = ["ed@acme.test", "Di@acme.test", "ed@acme.test"] }
[allocations."group:Finance"]
limit = 100
id = "g-1"
[notify]
desktop = false
backend = "plyer"
urls = ["https://hooks.acme.test/x"]
webhook_secret_file = "webhook-key"
[notify.users]
"Ed@acme.test" = ["slack://a/b/c"]
[report]
every = "month"
day = "friday"
at = "07:30"
to = ["webhook"]
[tray]
backend = "pystray"
[budgets]
runs_per_week = 700
[prices]
seat = 28.5
currency = "EUR"
[metrics]
listen = "127.0.0.1:9469"
per_user = true
[dashboard]
enabled = true
port = 8377
[api]
socket = "run/api.sock"
group = "analysts"
[storage]
path = "data/hexmeter.db"
keep_days = 400
backups = 0
"""


def test_every_key_is_used_as_written() -> None:
    assert read(FULL) == Config(
        path=FILE,
        base_url="https://eu.hex.tech/api/v1",
        token=TokenKeys(FILE, ("pass", "show", "my hex"), FILE.parent / "secret/token", "work"),
        plan=Plan("team", 40_000_000, {"ed@acme.test": 60_500_000}),
        reset_day=31,
        zone=ZoneInfo("Europe/Berlin"),
        watch=("ed@acme.test", "di@acme.test"),
        poll=PollSettings(5 * SECOND_MS, 30, 1800, DAY_MS, 48 * HOUR_MS),
        pool=PoolPlan(
            Balance(utc("2026-10-31T23:00"), 500_000_000),
            300_000_000,
            TopUp(below_micro=50_000_000, amount_micro=200_000_000),
        ),
        allocations=(
            Allocation("ed@acme.test", 25_500_000, ("ed@acme.test",)),
            Allocation("group:Analysts", 200_000_000, ("ed@acme.test", "di@acme.test")),
            Allocation("group:Finance", 100_000_000, group_id="g-1"),
        ),
        rules=AlertRules(
            used=(Decimal(80), Decimal(95), Decimal("99.5")),
            left_micro=(2_500_000, 10_000_000),
            forecast=False,
            exhausted=False,
            burn=True,
            prompt=True,
            prompt_cost_micro=4_500_000,
            reset=True,
            unused=Decimal(30),
            top_ups=3,
            runs=(Decimal(80), Decimal(100)),
            blind=False,
            token=False,
        ),
        quiet=QuietHours(time(22), time(7, 30)),
        quiet_critical=True,
        notify_desktop=False,
        channels=ChannelPlan(
            (Channel("webhook:hooks.acme.test:9b18c4f2", Address("https://hooks.acme.test/x")),),
            {"ed@acme.test": (Channel("slack:174ecc12", Address("slack://a/b/c")),)},
            FILE.parent / "webhook-key",
        ),
        report=ReportPlan("month", 4, time(7, 30), ("webhook:hooks.acme.test:9b18c4f2",)),
        socket="run/api.sock",
        api_group="analysts",
        database=FILE.parent / "data/hexmeter.db",
        keep_days=400,
        backups=0,
        runs_per_week=700,
        seat_price_micro=28_500_000,
        currency="EUR",
        metrics_listen=("127.0.0.1", 9469),
        metrics_per_user=True,
        dashboard_enabled=True,
        dashboard_port=8377,
    )


def test_the_full_file_has_every_key() -> None:
    tables = tomllib.loads(FULL)
    assert set(tables) >= FREE_TABLES
    written = {f"{table}.{name}" for table in set(tables) - FREE_TABLES for name in tables[table]}
    assert written == {key.place for key in KEYS}


def test_every_setting_is_used_by_the_program() -> None:
    product = EXAMPLE.parent / "daemon" / "hexmeter"
    readers = [path for path in product.rglob("*.py") if path.parent.name != "config"]
    trees = [ast.parse(path.read_text()) for path in readers]
    read = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    settings = {field.name for kind in (Config, PollSettings, PoolPlan, Plan, ReportPlan) for field in fields(kind)}
    assert settings - read == set()


def test_the_example_says_of_every_key_what_it_does() -> None:
    lines = EXAMPLE.read_text().splitlines()
    for key in KEYS:
        form = re.compile(rf"(# )?(\[[a-z.]*)?{key.name}( =|\])")
        at = next(number for number, line in enumerate(lines) if form.match(line))
        assert any(re.match(r"# [A-Z]", line) for line in lines[max(0, at - 4) : at]), key.place


@pytest.mark.parametrize(
    ("written", "command"),
    [
        pytest.param('"pass show hex"', ("pass", "show", "hex"), id="a text"),
        pytest.param('["pass", "show", "my hex"]', ("pass", "show", "my hex"), id="a list"),
        pytest.param('"echo $HOME ; rm"', ("echo", "$HOME", ";", "rm"), id="no shell"),
    ],
)
def test_a_token_command_is_words(written: str, command: tuple[str, ...]) -> None:
    assert read(f"[hex]\ntoken_command = {written}").token.command == command


@pytest.mark.parametrize(
    "written", ['""', "[]", '[""]', "[1]", "3", "'pass \"'", "'hxtp_secret'", "['echo', 'hxtp_secret']"]
)
def test_what_is_no_command_is_refused_and_a_token_in_it_not_shown(written: str) -> None:
    fault = faults(f"[hex]\ntoken_command = {written}")
    assert len(fault) == 1
    assert "must be a command that prints the token, such as" in fault[0]
    assert "secret" not in fault[0]


@pytest.mark.parametrize(("written", "entry"), [("true", "token"), ("false", None), ('"work"', "work")])
def test_a_keyring_has_an_entry(written: str, entry: str | None) -> None:
    assert read(f"[hex]\nkeyring = {written}").token.keyring == entry


# The example


def test_the_example_is_the_defaults() -> None:
    defaults = read("")
    assert load(EXAMPLE, must_exist=True, default_database=DATABASE) == Config(
        **{**{name: getattr(defaults, name) for name in Config.__slots__}, "path": EXAMPLE, "token": TokenKeys(EXAMPLE)}
    )


def test_the_example_shows_every_key_and_takes_all_it_shows() -> None:
    text = re.sub(r"(?m)^# (?=[a-z\"][\w@.\"]* = )", "", EXAMPLE.read_text())
    shown = tomllib.loads(text)
    places = {f"{table}.{name}" for table, content in shown.items() for name in content}
    assert places >= {key.place for key in KEYS}
    assert parse(text, EXAMPLE, DATABASE).plan.grants_micro == {"ed@acme.test": 60_000_000}


def test_every_key_has_its_own_place_and_a_help() -> None:
    places = [key.place for key in KEYS]
    assert len(places) == len(set(places))
    assert all(key.help for key in KEYS)
    assert not FREE_TABLES & {key.table for key in KEYS}
