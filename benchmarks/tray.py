"""What the tray costs while nothing happens, for each backend: memory, wake-ups and CPU over a while.

Run: .venv/bin/python benchmarks/tray.py [seconds]
It needs the Debian packages of the desktop tests, and runs on virtual screens of its own.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from idle import reading  # noqa: E402

from desktop import Desktop, old_desktop, real_desktop, trayer  # noqa: E402 (the path is set above)
from tray.fake_daemon import FakeDaemon, meter, notice  # noqa: E402

SETTLE_S = 5
BACKENDS = (("sni", "dbus"), ("pystray", "dbus"), ("pystray", "plyer"))


@contextmanager
def desktop_for(backend: str) -> Iterator[Desktop]:
    """A panel that shows this backend's icon."""
    if backend == "sni":
        with real_desktop() as desktop:
            yield desktop
    else:
        with old_desktop() as desktop, trayer(desktop):
            yield desktop


def measure(tray: str, notify: str, seconds: int) -> None:
    """Let a tray show figures and a notice, then watch it do nothing."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hexmeter-bench-")))
        desktop = stack.enter_context(desktop_for(tray))
        daemon = stack.enter_context(FakeDaemon(folder / "api.sock"))
        config = folder / "config.toml"
        backends = f'[tray]\nbackend = "{tray}"\n[notify]\nbackend = "{notify}"\n'
        config.write_text(f'[api]\nsocket = "{folder}/api.sock"\n{backends}')
        command = [sys.executable, "-m", "hexmeter_tray", "--config", str(config)]
        process = subprocess.Popen(command, env=desktop.environment)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        time.sleep(SETTLE_S)
        for number, left in enumerate((20.0, 8.0, 1.0), 1):
            daemon.show(meters=[meter(remaining=left, state="warning")])
            daemon.deliver(notice(number))
            time.sleep(1)
        time.sleep(SETTLE_S)
        assert daemon.states(3) == ["handed_over"], "the tray shows nothing"
        _, _, switches_before, cpu_before_s = reading(process.pid)
        time.sleep(seconds)
        rss, pss, switches, cpu_s = reading(process.pid)
    wakeups, cpu = (switches - switches_before) / seconds, 100 * (cpu_s - cpu_before_s) / seconds
    print(f"{tray:8} {notify:6} {rss:8.1f} {pss:8.1f} {wakeups:12.2f} {cpu:8.3f}", flush=True)


def main(seconds: int) -> None:
    """Measure each backend."""
    print(f"tray, idle for {seconds} s after three changes and three notices")
    print("icon     notices  RSS MiB  PSS MiB  wake-ups/s    CPU %")
    for tray, notify in BACKENDS:
        measure(tray, notify, seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
