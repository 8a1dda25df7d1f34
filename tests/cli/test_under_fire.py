"""The local API under fire: many clients, much that is no request, slow ones; and no secret in anything written."""

import random
import socket
import threading
from collections import Counter
from pathlib import Path

from desktop_bus import wait_until
from hexmeter.hex.simulator.messages import _ANSWERED, _ASKED
from running_daemon import Home

from .conftest import QUICK, Hex

CLIENTS = 200
MALFORMED = 10_000
GROWTH_MIB = 12


def rss_mib(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def exchange(path: Path, data: bytes, timeout_s: float = 30) -> bytes:
    """The first bytes that come back; nothing when the other side just closes."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_s)
        try:
            connection.connect(str(path))
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(64)
        except (ConnectionError, BrokenPipeError):
            return b""


def garbage(count: int) -> list[bytes]:
    """What is no request: noise, halves, wrong lengths, long heads, JSON of the wrong kind."""
    chance = random.Random(7)
    kinds = [
        lambda: chance.randbytes(chance.randrange(1, 300)),
        lambda: b"GET /v1/status HTTP/1.1\r\nHost: x\r\n"[: chance.randrange(1, 34)],
        lambda: b"POST /v1/poll HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        lambda: b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n[1,2,",
        lambda: b"GET " + b"/" * chance.randrange(1, 5000) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        lambda: b"GET / HTTP/9.9\r\n\r\n",
        lambda: b"POST /v1/deliveries/claim HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nnull",
        lambda: b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
        lambda: b"X" * 70_000,
        lambda: b"DELETE /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ]
    return [chance.choice(kinds)() for _ in range(count)]


def test_two_hundred_clients_and_ten_thousand_malformed_requests_do_no_harm(admins: Home, hex_: Hex) -> None:
    admins.config.write_text(admins.config.read_text() + QUICK)
    daemon = admins.start()
    assert admins.ask("poll").code == 0
    pid = daemon.process.pid
    polls = admins.query("SELECT max(number) FROM requests")[0][0]
    for data in garbage(300):
        exchange(admins.socket, data)
    before = rss_mib(pid)
    answers: Counter[bytes] = Counter()
    together = threading.Barrier(CLIENTS)

    def client() -> None:
        together.wait(30)
        answer = exchange(admins.socket, b"GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answers[answer[9:12]] += 1

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == {b"200": CLIENTS}
    for data in garbage(MALFORMED):
        assert exchange(admins.socket, data)[9:10] in (b"4", b"")
    after = rss_mib(pid)
    print(f"RSS before {before:.1f} MiB, after {after:.1f} MiB")
    assert after - before < GROWTH_MIB
    assert admins.ask("status").code == 0
    wait_until(lambda: admins.query("SELECT max(number) FROM requests")[0][0] > polls, "polls go on", 60)
    assert "Traceback" not in admins.said()
    assert daemon.end() == 0


SECRETS = ("hxtp_sim_ada", *_ASKED, *_ANSWERED)


def test_no_token_and_no_message_is_in_anything_written(admins: Home, hex_: Hex) -> None:
    """Logs, database, backups, answers, crash output: everything below the home, and everything that was printed."""
    hex_.change("thread", email="ed@acme.test", credits="3", title="A title")
    admins.config.write_text(admins.config.read_text() + QUICK)
    daemon = admins.start("--verbose")
    said = [admins.ask("poll").out]
    hex_.change("grow", thread_id="main", credits="1")
    said.append(admins.ask("poll").out)
    for fault in ("500:1", "html:1", "301:1", "reset:1", "wrong-types:1", "401:1"):
        hex_.change("fault", spec=fault)
        said += [ran.out + ran.err for ran in [admins.ask("poll", "--json")]]
    assert any(seen.path.endswith("/messages") for seen in hex_.running.requests), "messages were read"
    asked = ("status --json", "alerts --json", "usage --by prompt --json", "doctor --json", "config show", "daemon")
    for words in (*asked, "service install"):
        ran = admins.ask(*words.split())
        said.append(ran.out + ran.err)
    environ = Path(f"/proc/{daemon.process.pid}/cmdline").read_bytes().decode()
    assert daemon.end() == 0
    written = {str(path): path.read_bytes() for path in admins.folder.rglob("*") if path.is_file()}
    assert any(path.endswith("hexmeter.db") for path in written)
    for secret in SECRETS:
        assert secret not in "".join(said) + environ
        assert [path for path, content in written.items() if secret.encode() in content] == []
