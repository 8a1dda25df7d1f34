"""The store at size: what polls, `status`, `usage` and the dashboard cost over a million threads, and a first sync.

Run: .venv/bin/python benchmarks/size.py [threads] [--keep FOLDER]
With --keep the database is made in FOLDER once, and used again the next time.
"""

import argparse
import asyncio
import itertools
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from idle import compiled  # beside this file

from hexmeter.config.load import parse
from hexmeter.config.model import Config
from hexmeter.config.token import Token
from hexmeter.core.budget import windows
from hexmeter.core.clock import SystemClock
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.core.model import Look, Thread
from hexmeter.core.periods import first_instant, local_day
from hexmeter.hex.client import HexClient
from hexmeter.hex.pacer import Pacer
from hexmeter.hex.simulator.rates import UNLIMITED
from hexmeter.hex.simulator.running import running
from hexmeter.hex.simulator.world import World
from hexmeter.page.assets import icon, script, style
from hexmeter.page.page import page
from hexmeter.page.view import View
from hexmeter.service.daemon import Daemon
from hexmeter.service.dashboard.facts import DashboardFacts
from hexmeter.service.polling.currenttoken import CurrentToken
from hexmeter.service.polling.poll import Poller
from hexmeter.store.retention import Retention
from hexmeter.store.store import Store

PEOPLE, YEAR_MS, STEP_MS = 40, 365 * DAY_MS, 30 * MINUTE_MS
FIRST_SYNC = 100_000
_OTHERS = ("day", "model", "source", "type")
CONFIG = """\
[hex]
base_url = "{base_url}"
[plan]
tier = "team"
timezone = "Europe/Berlin"
[pool]
monthly_spend_limit = 5000
[watch]
users = "everyone"
[poll]
requests_per_minute = 100000
requests_per_hour = 10000000
[storage]
path = "hexmeter.db"
"""


def world_of(threads: int, days: int) -> World:
    """A workspace of 40 people with so many threads, the last made a moment ago."""
    world, chance, now_ms = World.empty(), random.Random(1), time.time_ns() // 1_000_000
    for index in range(PEOPLE):
        world.add_person(f"p{index}@acme.test", "ADMIN" if index == 0 else "EDITOR")
    for index in range(threads):
        created_ms = now_ms - days * DAY_MS + index * days * DAY_MS // threads
        who = f"p{min(chance.randrange(PEOPLE), chance.randrange(PEOPLE))}@acme.test"
        world.add_thread(who, created_ms, chance.randrange(100_000, 6_000_000), title=f"How did week {index % 53} go?")
    world.workspace_token()
    return world


async def serve(threads: int, days: int) -> None:
    """Be a simulated Hex until SIGTERM; prints the base URL."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with running(world_of(threads, days), rates=UNLIMITED) as sim:
        print(sim.base_url, flush=True)
        await ended.wait()


class Hex:
    """A simulated Hex in a process of its own, so that its work is not counted as ours."""

    def __init__(self, threads: int, days: int) -> None:
        command = [sys.executable, __file__, "--serve", str(threads), str(days)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.base_url = self.process.stdout.readline().strip()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


def first_sync(folder: Path) -> None:
    """Read a workspace of 100,000 threads for the first time, as a process of its own."""
    with closing(Hex(FIRST_SYNC, 180)) as sim:
        (folder / "config.toml").write_text(CONFIG.format(base_url=sim.base_url), encoding="utf-8")
        command = [sys.executable, "-m", "hexmeter", "--config", str(folder / "config.toml"), "daemon", "--once"]
        environ = {**compiled(), "HEX_TOKEN": "hxtw_sim_workspace"}
        daemon = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(daemon.pid, 0)
    with closing(Store.open(folder / "hexmeter.db")) as store:
        (found,) = store.database.connection.execute("SELECT count(*) FROM threads").fetchone()
    cpu_s = usage.ru_utime + usage.ru_stime
    print(f"first sync of {found:,} threads   own CPU {cpu_s:.2f} s (exit code {status})", flush=True)


def fill(store: Store, users: list[str], threads: int) -> None:
    """A year of `threads` threads of `users`, about three rows each, as half-hourly polls would have stored them:
    the first tenth as backfill, the others seen when made, after half an hour, after six and some after twenty."""
    chance, end_ms = random.Random(2), time.time_ns() // 1_000_000 - HOUR_MS
    start_ms = end_ms - YEAR_MS
    steps, number = YEAR_MS // STEP_MS, store.progress.write_request(start_ms)
    ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(threads)]

    def seen(index: int, growths: int) -> Thread:
        who = (index * 2_654_435_761) % 2**32
        user = None if who % 50 == 0 else users[min(who % len(users), (who >> 9) % len(users))]
        made_ms = start_ms + index * YEAR_MS // threads
        words, url = f"How did week {index % 53} go in the north?", f"https://app.hex.tech/acme/thread/{ids[index]}"
        micro = 400_000 + who % 3_000_000
        return Thread(
            *(ids[index], user, made_ms, micro * growths, "claude-sonnet-4-5", "THREADS", "HEX", words, False, url)
        )

    per_step = [round(step * threads / steps) for step in range(steps + 1)]
    with store.database.transaction():
        for step in range(steps):
            number += 1
            at_ms = start_ms + (step + 1) * STEP_MS
            look = Look(number, at_ms, at_ms + 300)
            page = [seen(index, 1) for index in range(per_step[step], per_step[step + 1])]
            watched_since_ms = None
            if step >= steps // 10:
                watched_since_ms = start_ms
                for growths, later in ((2, 1), (3, 12), (4, 40)):
                    if step - later >= steps // 10:
                        grown = range(per_step[step - later], per_step[step - later + 1])
                        page += [seen(index, growths) for index in grown if growths < 4 or index % 3 == 0]
            store.ledger.record(page, look, watched_since_ms=watched_since_ms, gap_ms=HOUR_MS)


def cpu_ms(work: Callable[[], object], runs: int = 15) -> float:
    """The median of the CPU milliseconds of this process that `work` takes."""
    taken = []
    for _ in range(runs):
        began_ns = time.process_time_ns()
        work()
        taken.append((time.process_time_ns() - began_ns) / 1e6)
    return statistics.median(taken)


async def filled(config: Config, base_threads: int) -> tuple[Daemon, HexClient]:
    """A daemon that has polled, over a store that is filled where it was not yet; its size is printed."""
    clock, token = SystemClock(), CurrentToken(lambda: Token("hxtw_sim_workspace"))
    store = Store.open(config.database)
    limits = windows(config.poll.requests_per_minute, config.poll.requests_per_hour)
    hexapi = HexClient(config.base_url, token, Pacer(limits, clock, store.progress), clock)
    daemon = Daemon(config, store, clock)
    daemon.use(Poller(config, store, clock, hexapi, token))
    while (await daemon.poll()).more:
        pass
    counts = "SELECT (SELECT count(*) FROM threads), (SELECT count(*) FROM ledger)"
    if store.database.connection.execute(counts).fetchone()[0] < base_threads:
        began_s = time.process_time()
        fill(store, [person.id for person in store.roster.listed()], base_threads)
        print(f"(filled in {time.process_time() - began_s:.0f} s of CPU)", flush=True)
    threads, rows = store.database.connection.execute(counts).fetchone()
    store.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    print(f"{threads:,} threads, {rows:,} rows of usage   file {config.database.stat().st_size / 1e6:.0f} MB")
    return daemon, hexapi


async def measure(config: Config, base_threads: int, *, compact: bool) -> None:
    """Print what the daemon does over a filled store; at last `compact` it."""
    daemon, hexapi = await filled(config, base_threads)
    store, now_ms = daemon.store, daemon.clock.now_ms()
    period = daemon.figures.period(now_ms)
    quiet = []
    for _ in range(15):
        began_ns = time.process_time_ns()
        outcome = await daemon.poll()
        quiet.append((time.process_time_ns() - began_ns) / 1e6)
    print(f"a quiet poll ({outcome.requests} requests, {outcome.threads} threads): own CPU", end=" ")
    print(f"{statistics.median(quiet):.1f} ms")
    minutes = itertools.count(now_ms, MINUTE_MS)
    for name, work in {
        "status, worked out anew": lambda: daemon.documents.status(next(minutes)),
        "status, asked again": lambda: daemon.documents.status(now_ms),
        "usage --by user": lambda: daemon.documents.usage("user", period),
        "the same over the raw ledger": lambda: store.ledger.sums.by_user(period, raw=True),
        **{f"usage --by {by}": lambda by=by: daemon.documents.usage(by, period) for by in _OTHERS},
    }.items():
        print(f"{name:30}{cpu_ms(work):8.1f} ms", flush=True)
    show_dashboard(daemon, now_ms)
    kept, raw = store.ledger.use_by_user(period), store.ledger.sums.by_user(period, raw=True)
    assert kept == raw, "the roll-ups and the ledger do not agree"
    print(f"rebuilding the roll-ups       {cpu_ms(store.ledger.sums.rebuild, 1):8.0f} ms")
    if compact:
        print(f"compacting all but 90 days    {cpu_ms(lambda: compact_old(store, config, now_ms), 1):8.0f} ms")
    await hexapi.close()
    store.close()


def show_dashboard(daemon: Daemon, now_ms: int) -> None:
    """Collect and render the dashboard, for the first time and again, and print how large it is."""
    facts = DashboardFacts(daemon.config, daemon.store, daemon.figures, daemon.documents)
    first_ms = cpu_ms(lambda: facts.document(now_ms), 1)
    again_ms = cpu_ms(lambda: facts.document(now_ms))
    document = facts.document(now_ms)
    print(f"dashboard: collected          {again_ms:8.1f} ms (the first time {first_ms:.1f} ms)")
    print(f"dashboard: rendered           {cpu_ms(lambda: page(document, View(), live=True).html()):8.1f} ms")
    html = page(document, View(), live=True).html().encode("utf-8")
    files = sum(len(made()) for made in (style, script, icon))
    print(f"dashboard: page and files     {(len(html) + files) / 1000:8.1f} kB", flush=True)


def compact_old(store: Store, config: Config, now_ms: int) -> None:
    """Leave one row per thread and day of what is older than 90 days, as `keep_days` does."""
    retention = Retention(store.database)
    before_ms = first_instant(local_day(now_ms, config.zone) - timedelta(days=90), config.zone)
    while retention.compact_some(before_ms, config.zone):
        pass


def main() -> None:
    """Measure a first sync, then the store at size."""
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve(int(sys.argv[2]), int(sys.argv[3])))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("threads", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hexmeter-bench-") as name:
        first_sync(Path(name))
    with tempfile.TemporaryDirectory(prefix="hexmeter-bench-") as name, closing(Hex(400, 2)) as sim:
        folder = options.keep or Path(name)
        folder.mkdir(exist_ok=True, parents=True)
        path = folder / "config.toml"
        config = parse(CONFIG.format(base_url=sim.base_url), path, folder / "hexmeter.db")
        # A database that is kept stays as it is.
        asyncio.run(measure(config, options.threads, compact=options.keep is None))


if __name__ == "__main__":
    main()
