"""Figures for Prometheus: its format and conventions, true figures, loopback alone, nobody's name unless asked for."""

import asyncio
import re
import socket

import pytest

from hexmeter.service.metrics import CONTENT_TYPE, Family, exposition, serving

from .bench import TEAM, Bench, small_world
from .conftest import MakeBench
from .test_runs import add_project, sweep_to_the_end

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n[pool]\nbalance = 500\nas_of = 2026-11-01\n'
_SAMPLE = re.compile(r'([a-z_]+)((?:\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})?) (\S+)')


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def asked(watching: Bench, path: str = "/metrics", host: str = "127.0.0.1") -> tuple[str, str]:
    """The head and the body of an answer over TCP."""

    async def ask() -> bytes:
        async with serving(watching.daemon):
            assert watching.daemon.config.metrics_listen is not None
            reader, writer = await asyncio.open_connection(*watching.daemon.config.metrics_listen)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            return answer

    head, _, body = watching.run(ask()).decode().partition("\r\n\r\n")
    return head, body


def samples(text: str) -> dict[str, float]:
    """The samples of an exposition, whose every line is one or a comment."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("# "):
            match = _SAMPLE.fullmatch(line)
            assert match, line
            found[match[1] + match[2]] = float(match[3])
    return found


def watching_with(make_bench: MakeBench, toml: str) -> Bench:
    world = small_world()
    add_project(world, "busy", runs=30)
    made = make_bench(world, "workspace", f'{EVERYONE}[metrics]\nlisten = "127.0.0.1:{free_port()}"\n{toml}')
    made.poll_until_read()
    return made


def test_everybodys_figures_are_told_together_and_true(make_bench: MakeBench) -> None:
    watching = watching_with(make_bench, "")
    sweep_to_the_end(watching)
    watching.poll()
    head, body = asked(watching)
    assert head.startswith("HTTP/1.1 200")
    assert f"Content-Type: {CONTENT_TYPE}" in head
    found = samples(body)
    grants = [meter for meter in watching.status()["meters"] if meter["kind"] == "grant"]
    assert found["hexmeter_grants_used_credits"] == pytest.approx(3.27 + 8.5 + 1.000001 + 0.4, abs=1e-9)
    assert found["hexmeter_grants_limit_credits"] == sum(meter["limit"] for meter in grants)
    assert found['hexmeter_grants{state="ok"}'] == len(grants) == 5
    assert found['hexmeter_meter_limit_credits{meter="pool",kind="pool",bound="at_least"}'] == 500
    assert (found["hexmeter_runs"], found["hexmeter_runs_budget"]) == (30, 500)
    assert (found["hexmeter_last_poll_success"], found["hexmeter_stale"]) == (1, 0)
    assert found["hexmeter_last_poll_timestamp_seconds"] == watching.now_ms / 1000
    assert found["hexmeter_hex_requests_total"] == len(watching.sim.requests)
    assert found['hexmeter_alerts{severity="critical"}'] == 0
    assert "@" not in body


def test_single_people_are_told_where_asked_for(make_bench: MakeBench) -> None:
    found = samples(asked(watching_with(make_bench, "per_user = true\n"))[1])
    assert found['hexmeter_meter_used_credits{meter="grant:ed@acme.test",kind="grant",bound="estimated"}'] == 11.77


def test_what_is_not_known_has_no_sample(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", f'{TEAM}[metrics]\nlisten = "127.0.0.1:{free_port()}"\n')
    found = samples(asked(watching)[1])
    assert found["hexmeter_stale"] == 1
    assert not any(name.startswith(("hexmeter_grants", "hexmeter_runs", "hexmeter_last")) for name in found)


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        pytest.param("/metrics", "evil.test", "403", id="another name for this machine"),
        pytest.param("/metrics", "localhost:9469", "200", id="localhost"),
        pytest.param("/v1/status", "127.0.0.1", "404", id="the local API"),
    ],
)
def test_only_this_machine_is_answered_and_only_metrics(
    make_bench: MakeBench, path: str, host: str, status: str
) -> None:
    assert asked(watching_with(make_bench, ""), path, host)[0].split()[1] == status


def test_a_taken_port_is_logged_and_stops_nothing(make_bench: MakeBench, caplog: pytest.LogCaptureFixture) -> None:
    watching = watching_with(make_bench, "")
    assert watching.daemon.config.metrics_listen is not None

    async def serve() -> None:
        async with serving(watching.daemon):
            pass

    with socket.socket() as taken:
        taken.bind(watching.daemon.config.metrics_listen)
        taken.listen()
        watching.run(serve())
    assert "no metrics: 127.0.0.1:" in caplog.text


def test_labels_are_escaped_and_families_follow_the_conventions() -> None:
    family = Family("hexmeter_x_credits", "Credits.\nReally.")
    family.add(1.5, name='a"b\\c\nd')
    family.add(None, name="unknown")
    assert exposition([family, Family("hexmeter_empty", "Nothing.")]) == (
        "# HELP hexmeter_x_credits Credits.\\nReally.\n# TYPE hexmeter_x_credits gauge\n"
        'hexmeter_x_credits{name="a\\"b\\\\c\\nd"} 1.5\n'
    )
