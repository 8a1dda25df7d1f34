"""The dashboard: what its page weighs, and how long it takes from the request to the last byte, over a year of threads.

Run: .venv/bin/python benchmarks/dashboard.py [threads] [--keep FOLDER]
The store is that of benchmarks/size.py, and so is --keep; 50,000 threads unless told otherwise.
"""

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import httpx
from size import CONFIG, Hex, filled

from hexmeter.config.load import parse
from hexmeter.wire.client import Client, DaemonAbsent

_RUNS, _POLLS = 15, 5


def measure(client: Client) -> None:
    """Open the dashboard of a running daemon, and print what a browser loads."""
    with httpx.Client(follow_redirects=True, timeout=120) as browser:
        began_ns = time.perf_counter_ns()
        link = client.post("/v1/dashboard")["url"]
        linked_ns = time.perf_counter_ns()
        page = browser.get(link)
        paged_ns = time.perf_counter_ns()
        print(
            f"the first link {(linked_ns - began_ns) / 1e6:8.1f} ms, and its page {(paged_ns - linked_ns) / 1e6:.1f} ms"
        )
        print(f"then, of {_RUNS} requests each, the median, the least and the most:")
        parts = re.findall(r'(?:href|src)="(/[a-z]+\.[a-z]+)"', page.text)
        total = 0
        for path in ("/", *parts):
            taken, size = timed(browser, str(page.url.join(path)))
            total += size
            times = "".join(f"{ms:9.1f} ms" for ms in (statistics.median(taken), min(taken), max(taken)))
            print(f"{path:12}{size / 1000:8.1f} kB {times}")
        print(f"in all      {total / 1000:8.1f} kB")
        after = []
        for _ in range(_POLLS):
            client.post("/v1/poll")
            after += timed(browser, str(page.url), 1)[0]
        print(
            f"each first one after {_POLLS} polls: {statistics.median(after):.1f} ms, at the most {max(after):.1f} ms"
        )


def timed(browser: httpx.Client, url: str, runs: int = _RUNS) -> tuple[list[float], int]:
    """Milliseconds from the request to the last byte, and the bytes."""
    taken, size = [], 0
    for _ in range(runs):
        began_ns = time.perf_counter_ns()
        answer = browser.get(url)
        taken.append((time.perf_counter_ns() - began_ns) / 1e6)
        assert answer.status_code == 200, answer.text
        size = len(answer.content)
    return taken, size


def fill(config_file: Path, base_url: str, threads: int) -> None:
    """Make the store, unless it is there."""

    async def make() -> None:
        config = parse(CONFIG.format(base_url=base_url), config_file, config_file.parent / "hexmeter.db")
        daemon, hexapi = await filled(config, threads)
        await hexapi.close()
        daemon.store.close()

    asyncio.run(make())


def main() -> None:
    """Fill a store, start a daemon over it, and measure its dashboard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("threads", nargs="?", type=int, default=50_000)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hexmeter-bench-") as name, closing(Hex(400, 2)) as sim:
        folder = options.keep or Path(name)
        folder.mkdir(exist_ok=True, parents=True)
        path, socket = folder / "config.toml", Path(name) / "api.sock"
        fill(path, sim.base_url, options.threads)
        path.write_text(f'{CONFIG.format(base_url=sim.base_url)}[api]\nsocket = "{socket}"\n', encoding="utf-8")
        command = [sys.executable, "-m", "hexmeter", "--config", str(path), "daemon"]
        daemon = subprocess.Popen(
            command, env={**os.environ, "HEX_TOKEN": "hxtw_sim_workspace"}, stderr=subprocess.DEVNULL
        )
        try:
            client = Client(str(socket), timeout_s=120)
            while daemon.poll() is None:
                try:
                    client.post("/v1/poll")
                    break
                except DaemonAbsent:
                    time.sleep(0.05)
            measure(client)
        finally:
            daemon.terminate()
            daemon.wait()


if __name__ == "__main__":
    main()
