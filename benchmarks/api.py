"""How soon a daemon is ready, and how long a status line takes through curl and in the daemon itself: medians.

Run: .venv/bin/python benchmarks/api.py [runs]
"""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from idle import product  # beside this file

REQUEST = b"GET /v1/status?format=oneline HTTP/1.1\r\nHost: hexmeter\r\nConnection: close\r\n\r\n"
_THREADS = b'{"threads": ["00000000-0000-4000-8000-000000000000"]}'
CHANGES = tuple(
    b"POST /v1/%s HTTP/1.1\r\nHost: hexmeter\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
    % (verb, len(_THREADS), _THREADS)
    for verb in (b"track", b"untrack")
)
"""What stores something, and so lets the next status be worked out anew; together they leave nothing behind."""


def asked_s(path: str, request: bytes = REQUEST) -> float:
    """Seconds from connecting to the whole answer, without a process of its own."""
    began_s = time.perf_counter()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(request)
        while connection.recv(65536):
            pass
    return time.perf_counter() - began_s


def ready_s(command: list[str], environ: dict[str, str], folder: Path) -> float:
    """Seconds from starting a daemon on a database that exists until it says READY=1."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        address = str(folder / "notify")
        manager.bind(address)
        began_s = time.perf_counter()
        daemon = subprocess.Popen(
            [*command, "daemon"], env={**environ, "NOTIFY_SOCKET": address}, stderr=subprocess.DEVNULL
        )
        while b"READY=1" not in manager.recv(1000):
            pass
        passed_s = time.perf_counter() - began_s
        daemon.terminate()
        daemon.wait()
    Path(address).unlink()
    return passed_s


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far, which has one thread: to the nanosecond, unlike its `stat`."""
    return int(Path("/proc", str(pid), "schedstat").read_text().split()[0]) / 1e9


def print_line_with(people: int, runs: int) -> None:
    """Ask for the status line of so many people, and print what it takes on the socket and in the daemon."""
    with product(people=people) as (_, environ):
        folder = Path(environ["HEXMETER_BENCH"])
        pid, path = int((folder / "daemon.pid").read_text()), str(folder / "hexmeter" / "api.sock")
        own_s, passed_s, anew_s = [], [], []
        for run in range(runs):
            asked_s(path, CHANGES[run % 2])
            for found_s in (anew_s, own_s):
                began_s = cpu_s(pid)
                passed_s.append(asked_s(path))
                found_s.append(cpu_s(pid) - began_s)
    print(f"status line, {people:3} people      {statistics.median(own_s) * 1000:6.2f} ms in the daemon", end="")
    print(f"   {statistics.median(passed_s[1::2]) * 1000:6.2f} ms on the socket", end="")
    print(f"   {statistics.median(anew_s) * 1000:6.2f} ms in the daemon after a change")


def main(runs: int) -> None:
    """Ask and start so many times, and print the figures."""
    for people in (1, 50, 500):
        print_line_with(people, runs)
    with product(people=5) as (command, environ):
        folder = Path(environ["HEXMETER_BENCH"])
        path = str(folder / "hexmeter" / "api.sock")
        if curl := shutil.which("curl"):
            line = [curl, "--silent", "--unix-socket", path, "http://hexmeter/v1/status?format=oneline"]
            through = []
            for _ in range(runs):
                began_s = time.perf_counter()
                subprocess.check_call(line, stdout=subprocess.DEVNULL)
                through.append(time.perf_counter() - began_s)
            print(f"status line through curl    {statistics.median(through) * 1000:6.2f} ms, curl's own start included")
        os.kill(int((folder / "daemon.pid").read_text()), 15)
        time.sleep(1)
        starts = [ready_s(command, environ, folder) for _ in range(5)]
        print(f"start to READY=1            {statistics.median(starts) * 1000:6.0f} ms (median of 5)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 51)
