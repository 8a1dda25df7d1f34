"""`hexmeter config`: every fault at once, what is in force, and where it is; without a daemon."""

import tomllib

import pytest

from hexmeter.config.schema import KEYS
from running_daemon import Home

from .test_commands import assert_one_message


def test_a_good_file_is_said_to_be_one(admins: Home) -> None:
    ran = admins.ask("config", "check")
    assert (ran.code, ran.out, ran.err) == (0, f"{admins.config}: no faults\n", "")


def test_every_fault_is_named_at_once_with_its_line(admins: Home) -> None:
    admins.config.write_text("[plan]\ntier = 'gold'\nreset_dya = 3\n[forecast]\n")
    for verb in ("check", "show"):
        ran = admins.ask("config", verb)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.splitlines() == [
            f'hexmeter: {admins.config}:2: plan.tier = "gold": must be one of "professional", "team", "enterprise"',
            f"{admins.config}:3: plan.reset_dya is not a known key; did you mean reset_day?",
            f"{admins.config}:4: [forecast] is not a known table",
        ]


def test_what_is_in_force_is_shown_as_toml_with_every_key(admins: Home) -> None:
    ran = admins.ask("config", "show")
    assert (ran.code, ran.err) == (0, "")
    shown = tomllib.loads(ran.out)
    assert shown["plan"]["tier"] == "team"
    assert shown["poll"]["every"] == "5m"
    assert 'every = "5m"  # default' in ran.out
    settings = admins.ask("config", "show", "--json").json["settings"]
    assert sorted(setting["key"] for setting in settings) == sorted(key.place for key in KEYS)
    assert [(one["value"], one["set"]) for one in settings if one["key"] == "watch.users"] == [("everyone", True)]


def test_what_nobody_has_set_is_shown_as_what_holds_in_its_place(admins: Home) -> None:
    admins.config.write_text("")
    shown = admins.ask("config", "show", TZ="Europe/Berlin").out
    assert '\ntimezone = "Europe/Berlin"  # default\n' in shown
    assert shown.endswith("\n[allocations]\n# none\n")
    admins.config.write_text('[allocations]\n"group:Analysts" = {limit = 200, members = ["ed@acme.test"]}\n')
    allocations = tomllib.loads(admins.ask("config", "show").out)["allocations"]
    assert allocations == {"group:Analysts": {"limit": 200, "members": ["ed@acme.test"]}}


def test_where_the_file_is(admins: Home) -> None:
    assert admins.ask("config", "path").out == f"{admins.config}\n"
    assert admins.ask("config", "path", HEXMETER_CONFIG="/etc/x.toml").out == "/etc/x.toml\n"


def test_without_a_file_the_defaults_hold_unless_it_was_named(admins: Home) -> None:
    admins.config.unlink()
    assert admins.ask("config", "check").out == f"{admins.config}: there is no such file; the defaults hold\n"
    ran = admins.ask("config", "check", "--config", "/nowhere/config.toml")
    assert ran.code == 2
    assert_one_message(ran)


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_addresses_of_channels_are_not_shown(admins: Home, form: list[str]) -> None:
    admins.config.write_text(admins.config.read_text() + '[notify]\nurls = ["slack://TokenA/TokenB"]\n')
    assert "TokenA" not in admins.ask("config", "show", *form).out
