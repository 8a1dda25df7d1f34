"""`[notify]`: addresses under names without their secrets, and no error shows what it was given."""

from pathlib import Path

import pytest

from hexmeter.config.channels import ALLOWED, ChannelPlan, safe_name
from hexmeter.config.load import load
from hexmeter.config.privatefile import NotPrivate
from hexmeter.config.webhooksecret import read_webhook_secret

from .reading import FILE, faults, read

HOOK = "https://hooks.acme.test/T0PSECRET?key=T0PSECRET"
SLACK = "slack://T0PSECRET/T0PSECRET/T0PSECRET"
FULL = f"""\
[notify]
urls = ["{HOOK}", "{SLACK}", "{HOOK}"]
webhook_secret_file = "key"
[notify.users]
"Ed@Acme.test" = ["{SLACK}", "ntfy://T0PSECRET"]
"eve@acme.test" = ["mailto://eve:T0PSECRET@mail.acme.test"]
"""


def names(plan: ChannelPlan, meter_id: str | None) -> list[str]:
    return [name.rpartition(":")[0] for name in plan.told_of(meter_id)]


def test_addresses_are_told_apart_by_their_scheme() -> None:
    plan = read(FULL).channels
    assert [(channel.name.rpartition(":")[0], channel.is_webhook) for channel in plan.common] == [
        ("webhook:hooks.acme.test", True),
        ("slack", False),
    ]
    assert [str(channel.address) for channel in plan.common] == [HOOK, SLACK]
    assert plan.secret_file == FILE.parent / "key"


def test_everything_is_told_on_the_common_channels_and_people_their_own() -> None:
    plan = read(FULL).channels
    common = ["webhook:hooks.acme.test", "slack"]
    assert names(plan, None) == names(plan, "pool") == names(plan, "grant:di@acme.test") == common
    assert names(plan, "grant:ed@acme.test") == names(plan, "allocation:ed@acme.test") == [*common, "ntfy"]
    assert names(plan, "grant:eve@acme.test") == [*common, "mailto:mail.acme.test"]
    assert {name.rpartition(":")[0]: email for name, email in plan.persons().items()} == {
        "ntfy": "ed@acme.test",
        "mailto:mail.acme.test": "eve@acme.test",
    }


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (HOOK, "webhook:hooks.acme.test"),
        ("http://127.0.0.1:8080/T0PSECRET", "webhook:127.0.0.1"),
        (SLACK, "slack"),
        ("tgram://123:T0PSECRET/chat", "tgram"),
        ("ntfy://T0PSECRET", "ntfy"),
        ("mailto://ed:T0PSECRET@mail.acme.test", "mailto:mail.acme.test"),
        ("json://127.0.0.1:8080/T0PSECRET", "json:127.0.0.1"),
    ],
)
def test_a_name_gives_no_secret_away_and_is_stable(address: str, name: str) -> None:
    kind, _, digest = safe_name(address).rpartition(":")
    assert (kind, len(digest)) == (name, 8)
    assert safe_name(address) == safe_name(address)
    assert safe_name(address) != safe_name(address + "x")


def test_a_password_cannot_be_tried_out_against_a_name() -> None:
    assert safe_name("mailto://ed:one@mail.acme.test") == safe_name("mailto://ed:two@mail.acme.test")


WRONG = f"""\
[notify]
urls = ["{HOOK}", "http://hooks.acme.test/T0PSECRET", "T0PSECRET"]
[notify.users]
"ed@acme.test" = ["{SLACK}", 3]
"eve" = ["{SLACK}"]
"di@acme.test" = "{SLACK}"
"""


def test_every_wrong_entry_is_told_with_its_line_and_without_its_address() -> None:
    assert faults(WRONG) == [
        f':2: notify.urls = ["https://…", "http://…", "…"]: must be {ALLOWED}; not so: number 2, 3 of them',
        f':4: notify.users."ed@acme.test" = ["slack://…", 3]: must be {ALLOWED}; not so: number 2 of them',
        ':5: notify.users."eve" = ["slack://…"]: must be "email" = a list of addresses',
        f':6: notify.users."di@acme.test" = "slack://…": must be {ALLOWED}',
    ]


@pytest.mark.parametrize(
    "address", ["https://", "https://h:99999/", "ftp", "http://0.0.0.0/", "slack://a b", "://x", "https://[::1"]
)
def test_what_is_no_address_is_none(address: str) -> None:
    assert len(faults(f"notify.urls = ['{address}']")) == 1


def test_no_traceback_shows_an_address() -> None:
    assert "T0PSECRET" not in repr(read(FULL).channels)


def test_the_key_comes_from_the_environment_or_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    assert read_webhook_secret(None, {}) is None
    assert read_webhook_secret(file, {"HEXMETER_WEBHOOK_SECRET": " given "}) == b"given"
    with pytest.raises(NotPrivate, match="cannot read the webhook secret file"):
        read_webhook_secret(file, {})
    file.write_text("kept\n")
    file.chmod(0o640)
    with pytest.raises(NotPrivate, match="others may read"):
        read_webhook_secret(file, {})
    file.chmod(0o600)
    assert read_webhook_secret(file, {}) == b"kept"
    file.write_text("\n")
    with pytest.raises(NotPrivate, match="empty"):
        read_webhook_secret(file, {})


@pytest.mark.parametrize(("mode", "notes"), [(0o600, 0), (0o644, 1), (0o620, 1)])
def test_a_file_with_addresses_should_be_ones_own(tmp_path: Path, mode: int, notes: int) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[notify]\nurls = ['{SLACK}']\n")
    path.chmod(mode)
    found = load(path, must_exist=True, default_database=tmp_path / "x.db").notes
    assert len(found) == notes
    assert all("hold secrets: chmod 600" in note and "T0PSECRET" not in note for note in found)


def test_a_file_without_addresses_may_be_read_by_all(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[plan]\nreset_day = 7\n")
    path.chmod(0o644)
    assert load(path, must_exist=True, default_database=tmp_path / "x.db").notes == ()


COMMON = f'[notify]\nurls = ["{HOOK}", "{SLACK}"]\n'


@pytest.mark.parametrize(
    ("toml", "kinds"),
    [
        pytest.param("", ["desktop"], id="the desktop alone"),
        pytest.param(COMMON, ["webhook", "slack"], id="all urls"),
        pytest.param(f'{COMMON}[report]\nto = ["desktop"]', ["desktop"], id="one by its name"),
        pytest.param(
            f'{COMMON}[report]\nto = ["slack", "slack", "webhook:hooks"]', ["slack", "webhook"], id="beginnings"
        ),
        pytest.param("[notify]\ndesktop = false", [], id="nowhere"),
    ],
)
def test_reports_go_where_they_are_sent(toml: str, kinds: list[str]) -> None:
    assert [name.split(":")[0] for name in read(toml).report.to] == kinds


def test_reports_go_to_no_stranger_and_to_nobody_who_is_told_of_their_own_meters() -> None:
    toml = f"""{COMMON}desktop = false
[notify.users]
"ed@acme.test" = ["ntfy://T0PSECRET"]
[report]
every = "week"
to = ["desktop", "ntfy", "slack://T0PSECRET"]
"""
    there = ", ".join(read(COMMON).channels.by_name())
    assert faults(toml) == [
        f':8: report.to: "desktop" is no channel for reports; there are: {there}',
        ':8: report.to: "ntfy" is no channel for reports; it tells a person of their own meters alone',
        f':8: report.to: "slack://…" is no channel for reports; there are: {there}',
    ]


def test_a_report_that_can_go_nowhere_is_a_fault() -> None:
    assert faults('[notify]\ndesktop = false\n[report]\nevery = "week"') == [
        ":4: report.every is set, but there is no channel to send it to: see [notify]"
    ]


@pytest.mark.parametrize(
    "written", ['every = "day"', 'day = "mon"', 'at = "9"', "at = 9", "to = 3", "to = [3]", 'to = [""]']
)
def test_what_is_no_plan_is_refused(written: str) -> None:
    assert len(faults(f"[report]\n{written}")) == 1
