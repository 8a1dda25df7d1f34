"""How long `hexmeter status` takes as a new process, beside `python -c pass`: medians, their ratio, peak memory.

Run it with the Python of an environment that Hexmeter is installed in as users have it: of an editable install each
process also looks for the checkout. An empty script shows what no command that pip installed can go below.

Run: python benchmarks/status.py [runs]
"""

import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from idle import product  # beside this file

PEAK = """\
import os, resource, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)])
os.waitpid(pid, 0)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Runs a command and prints its peak memory in KiB, from a process so small that its own does not count."""


def wall_s(command: list[str], environ: dict[str, str], exit_code: int) -> float:
    """Seconds of wall time of one run of `command`."""
    began_s = time.perf_counter()
    ended = subprocess.call(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    passed_s = time.perf_counter() - began_s
    assert ended == exit_code, (command, ended)
    return passed_s


def peak_mib(command: list[str], environ: dict[str, str]) -> float:
    """Peak memory of one run of `command`."""
    return int(subprocess.check_output([sys.executable, "-I", "-S", "-c", PEAK, *command], env=environ)) / 1024


def empty_script(hexmeter: Path, folder: Path) -> str:
    """A copy of the installed script that does nothing."""
    script = folder / "nothing"
    script.write_text(re.sub(r"from \S+ import run", "def run(): return 0", hexmeter.read_text("utf-8")), "utf-8")
    script.chmod(0o700)
    return str(script)


def main(runs: int) -> None:
    """Run all in turn, and print the figures."""
    hexmeter = Path(sys.executable).with_name("hexmeter")
    status = [str(hexmeter), "status"]
    with product(people=5) as (_, environ):
        nothing = [empty_script(hexmeter, Path(environ["HEXMETER_BENCH"]))]
        absent = {**environ, "XDG_RUNTIME_DIR": "/nowhere"}
        floor = ("python -c pass", [sys.executable, "-c", "pass"], environ, 0)
        others = [
            ("an empty script of pip's", nothing, environ, 0),
            ("hexmeter status", status, environ, 0),
            ("hexmeter status --json", [*status, "--json"], environ, 0),
            ("hexmeter status, no daemon", status, absent, 5),
            ("… --format oneline, no daemon", [*status, "--format", "oneline"], absent, 5),
        ]
        rounds = [[wall_s(*what[1:]) for what in (floor, *others)] for _ in range(runs + 1)][1:]
        peaks = [peak_mib(*what[1:3]) for what in (floor, *others)]
    print(f"medians of {runs} runs                ms   ratio   MiB at the peak")
    for column, (name, *_) in enumerate((floor, *others)):
        wall_ms = statistics.median(row[column] for row in rounds) * 1000
        ratio = statistics.median(row[column] / row[0] for row in rounds)
        print(f"{name:31} {wall_ms:6.1f}  {ratio:6.2f}  {peaks[column]:6.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 21)
