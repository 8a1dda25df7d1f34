"""How long `hexmeter status` takes as a new process, beside `python -c pass`: medians, their ratio, peak memory.

Run: .venv/bin/python benchmarks/status.py [runs]
"""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from idle import product  # beside this file


def timed(command: Sequence[str], environ: dict[str, str]) -> tuple[float, float]:
    """Seconds of wall time and MiB of peak memory of one run of `command`."""
    began_s = time.perf_counter()
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.perf_counter() - began_s, usage.ru_maxrss / 1024


def main(runs: int) -> None:
    """Run both in turn, and print the figures."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    floor = [sys.executable, "-c", "pass"]
    with product(people=5) as (command, environ):
        status = [os.path.join(os.path.dirname(sys.executable), "hexmeter"), "status"]
        environ = {**environ, "HEXMETER_CONFIG": command[command.index("--config") + 1]}
        timed(status, environ)
        pairs = [(timed(status, environ), timed(floor, environ)) for _ in range(runs)]
    wall_ms = [statistics.median(pair[side][0] for pair in pairs) * 1000 for side in (0, 1)]
    peak = [max(pair[side][1] for pair in pairs) for side in (0, 1)]
    print(f"hexmeter status    {wall_ms[0]:6.1f} ms   {peak[0]:5.1f} MiB at its peak")
    print(f"python -c pass     {wall_ms[1]:6.1f} ms   {peak[1]:5.1f} MiB")
    print(f"ratio              {statistics.median(a[0] / b[0] for a, b in pairs):6.2f}      (median of {runs} pairs)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 21)
