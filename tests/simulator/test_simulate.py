"""`hexmeter simulate`: its options, and the process as a whole."""

import argparse
import asyncio
import signal
import socket

import httpx
import pytest

from hexmeter.cli import simulate
from hexmeter.hex.simulator.faults import KINDS, Fault
from hexmeter.hex.simulator.jsontext import CREDIT
from hexmeter.hex.simulator.rates import UNLIMITED, Rates
from hexmeter.hex.simulator.running import running
from simulator_process import simulator_process

from .conftest import small_world


def parsed(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    simulate.add_arguments(parser)
    return parser.parse_args(options)


def test_the_defaults_are_hexs_limits_and_no_fault() -> None:
    args = parsed()
    assert (args.port, args.rate_limit, args.retry_after, args.fault) == (0, Rates(30, 1_800), "seconds", [])


def test_options_are_read_into_their_units() -> None:
    args = parsed(
        *("--fault", "500:2", "--fault", "html", "--rate-limit", "none", "--grant", "12.5"),
        *("--since", "2026-11-01T00:00:00+01:00"),
    )
    assert args.fault == [Fault("500", times=2), Fault("html")]
    assert (args.rate_limit, args.grant, args.since) == (UNLIMITED, 125 * CREDIT // 10, 1_793_487_600_000)
    assert parsed("--since", "1793487600").since == 1_793_487_600_000
    assert parsed("--since", "2026-10-31T23:00").since == 1_793_487_600_000


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        pytest.param("--fault", "teapot", ", ".join(KINDS), id="fault"),
        pytest.param("--rate-limit", "30", "30/1800", id="rate"),
        pytest.param("--port", "70000", "65535", id="port"),
        pytest.param("--people", "0", "1 to 2000", id="people"),
        pytest.param("--pace", "nan", "0 to 6000", id="pace"),
        pytest.param("--grant", "x", "amount", id="grant"),
        pytest.param("--since", "spring", "ISO 8601", id="since"),
    ],
)
def test_a_wrong_option_is_one_clear_message_and_exit_2(
    capsys: pytest.CaptureFixture[str], option: str, value: str, says: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(option, value)
    assert ended.value.code == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert option in message
    assert says in message


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(("--near-limit", "nobody@acme.test"), "nobody@acme.test", id="person"),
        pytest.param(("--near-limit", "auto", "--since", "2100-01-01"), "begun", id="period"),
    ],
)
def test_options_that_do_not_fit_exit_2(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], says: str
) -> None:
    assert simulate.run(parsed(*options)) == 2
    assert says in capsys.readouterr().err


def test_a_taken_port_is_one_clear_message_and_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert simulate.run(parsed("--port", port, "--people", "3")) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert port in message


def test_help_lists_every_kind_of_fault() -> None:
    parser = argparse.ArgumentParser()
    simulate.add_arguments(parser)
    assert all(f"  {kind} " in parser.format_help() for kind in KINDS)


def test_it_also_runs_in_a_callers_event_loop() -> None:
    async def ask() -> int:
        async with running(small_world()) as sim, httpx.AsyncClient(base_url=sim.base_url) as client:
            token = sim.token_for("admin@acme.test")
            return (await client.get("/users/me", headers={"Authorization": f"Bearer {token}"})).status_code

    assert asyncio.run(ask()) == 200


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_process_tells_its_address_first_serves_and_ends_with_0(ending: signal.Signals) -> None:
    with simulator_process("--people", "5", "--fault", "500@/users/me:1", "--near-limit", "auto") as sim:
        headers = {"Authorization": "Bearer hxtw_sim_workspace"}
        statuses = [httpx.get(sim.base_url + "/users/me", headers=headers).status_code for _ in range(2)]
        assert statuses == [500, 200]
        before = sim.truth()["total_micro"]
        sim.change("grow", email=sim.truth()["people"][0]["email"], credits="1.5")
        assert sim.truth()["total_micro"] == before + 1_500_000
        assert [seen["fault"] for seen in sim.requests()] == ["500", None]
        sim.process.send_signal(ending)
        assert sim.process.wait(10) == 0
        assert "hxtp_sim_admin" in (sim.process.stdout or "").read()  # type: ignore[union-attr]
