"""What the daemon costs while nothing happens: memory, wake-ups and CPU over a while, after ten polls of `watch me`.

Run: .venv/bin/python benchmarks/idle.py [seconds]
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIG = """\
[hex]
base_url = "{base_url}"
[plan]
tier = "team"
[watch]
users = "{watch}"
[poll]
every = "1h"
requests_per_minute = 100000
requests_per_hour = 1000000
"""


def compiled() -> dict[str, str]:
    """This environment, in which modules are compiled but once, as where a package is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@contextmanager
def product(people: int = 40, watch: str = "everyone") -> Iterator[tuple[list[str], dict[str, str]]]:
    """A simulated Hex and a daemon that has read it; the command `hexmeter`, and the environment of its home."""
    with tempfile.TemporaryDirectory(prefix="hexmeter-bench-") as name:
        folder = Path(name)
        simulate = ["simulate", "--rate-limit", "none", "--pace", "0", "--people", str(people)]
        hexmeter = [sys.executable, "-m", "hexmeter"]
        simulator = subprocess.Popen([*hexmeter, *simulate], stdout=subprocess.PIPE, text=True)
        assert simulator.stdout is not None
        base_url = simulator.stdout.readline().strip()
        (folder / "hexmeter").mkdir(mode=0o700)
        (folder / "hexmeter" / "config.toml").write_text(
            CONFIG.format(base_url=base_url, watch=watch), encoding="utf-8"
        )
        # Configuration, database and socket all in one folder, and each where it is by default.
        places = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"), str(folder))
        environ = {**compiled(), **places, "HEX_TOKEN": "hxtp_sim_admin", "HEXMETER_BENCH": str(folder)}
        environ.pop("HEXMETER_CONFIG", None)
        with (folder / "daemon.log").open("wb") as log:
            daemon = subprocess.Popen([*hexmeter, "daemon"], env=environ, stderr=log)
        (folder / "daemon.pid").write_text(str(daemon.pid))
        try:
            while subprocess.call(
                [*hexmeter, "poll"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ):
                assert daemon.poll() is None
            yield hexmeter, environ
        finally:
            for process in (daemon, simulator):
                process.terminate()
                process.wait()


def reading(pid: int) -> tuple[float, float, int, float]:
    """RSS and PSS in MiB, voluntary and other switches of context, CPU seconds, of all threads of a process."""
    process = Path("/proc", str(pid))
    sizes = {
        line.split(":")[0]: int(line.split()[1]) / 1024
        for line in (process / "smaps_rollup").read_text().splitlines()[1:]
    }
    switches = sum(
        int(line.split()[1])
        for thread in (process / "task").iterdir()
        for line in (thread / "status").read_text().splitlines()
        if "ctxt_switches" in line
    )
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return sizes["Rss"], sizes["Pss"], switches, ticks / os.sysconf("SC_CLK_TCK")


def main(seconds: int) -> None:
    """Poll ten times, then watch the daemon do nothing."""
    with product(watch="me") as (command, environ):
        for _ in range(9):
            subprocess.check_call([*command, "poll"], env=environ, stdout=subprocess.DEVNULL)
        pid = int((Path(environ["HEXMETER_BENCH"]) / "daemon.pid").read_text())
        _, _, switches_before, cpu_before_s = reading(pid)
        time.sleep(seconds)
        rss, pss, switches, cpu_s = reading(pid)
    print(f"daemon, idle for {seconds} s after ten polls of watch me")
    print(
        f"RSS {rss:.1f} MiB   PSS {pss:.1f} MiB   switches of context {(switches - switches_before) / seconds:.2f}/s",
        end="",
    )
    print(f"   CPU {100 * (cpu_s - cpu_before_s) / seconds:.3f} %")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
