"""A process that stores pages is killed at random moments: nothing of a page is lost or stored by half."""

import random
import subprocess
import sys
from pathlib import Path

from hexmeter.store.store import Store

KILLS = 30
THREADS = 40

WRITER = """
import random, sys
from pathlib import Path
from hexmeter.core.model import Look, Thread
from hexmeter.store.store import Store

store = Store.open(Path(sys.argv[1]))
chance = random.Random(int(sys.argv[2]))
print("ready", flush=True)
while True:
    number = store.progress.write_request(1_000)
    page = [
        Thread(f"t{index}", "u", 0, chance.choice([None, 0, chance.randint(1, 10**9)]), None, None, None,
               str(number), False, None)
        for index in range(40)
    ]
    store.ledger.record(page, Look(number, number * 10, number * 10 + 5), watched_since_ms=0, gap_ms=100)
    print(number, flush=True)
"""


def test_after_every_kill_each_thread_sums_to_its_figure(path: Path) -> None:
    chance = random.Random(1)
    newest = 0
    for kill in range(KILLS):
        said = killed_after(path, seed=kill, pages=chance.randint(1, 6), extra_s=chance.random() * 0.005)
        store = Store.open(path)
        assert store.database.connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
        assert not store.database.connection.execute("PRAGMA foreign_key_check").fetchall()
        sums = store.database.connection.execute(
            "SELECT t.title, coalesce(t.credits_micro, 0) AS figure, coalesce(sum(u.credits_micro), 0) AS used"
            " FROM threads t LEFT JOIN usage u ON u.thread_id = t.id GROUP BY t.id"
        ).fetchall()
        assert [row["used"] for row in sums] == [row["figure"] for row in sums]
        assert len(sums) == THREADS
        looks = {int(row["title"]) for row in sums}
        assert len(looks) == 1, "a page was stored by half"
        assert said <= max(looks) <= said + 1, "a page that was reported is gone"
        assert max(looks) > newest, "numbers of requests go on after a crash"
        newest = max(looks)
        store.close()


def killed_after(path: Path, *, seed: int, pages: int, extra_s: float) -> int:
    """Let the writer report so many pages, then kill it a moment later; the last page it reported."""
    command = [sys.executable, "-c", WRITER, str(path), str(seed)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    reported = [writer.stdout.readline() for _ in range(pages)]
    try:
        writer.wait(extra_s)  # The moment of the kill, anywhere within the next page or two.
    except subprocess.TimeoutExpired:
        writer.kill()
    reported += writer.communicate()[0].splitlines(keepends=True)
    return max(int(line) for line in reported if line.endswith("\n"))
