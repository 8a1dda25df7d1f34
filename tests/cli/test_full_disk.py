"""A disk that is really full: a small file system of its own, where mounting one is allowed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop_bus import unavailable
from simulator_process import simulator_process


@contextmanager
def small_disk(folder: Path, kib: int) -> Iterator[Path]:
    """`folder` as a file system of so many KiB."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=0700", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        unavailable("mounting a file system is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_single_run_on_a_full_disk_says_so_once_and_fails(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with simulator_process("--rate-limit", "none") as sim, small_disk(tmp_path / "disk", 700) as disk:
        config.write_text(
            f'[hex]\nbase_url = "{sim.base_url}"\n[watch]\nusers = "everyone"\n'
            "[poll]\nrequests_per_minute = 100000\nrequests_per_hour = 100000\n"
            f'[storage]\npath = "{disk / "hexmeter.db"}"\n',
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "hexmeter", "--config", str(config), "daemon", "--once"]
        environ = {**os.environ, "HEX_TOKEN": "hxtp_sim_admin"}
        ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"hexmeter: the database {disk / 'hexmeter.db'} cannot be used: database or disk is full",
        "  try: is the disk full, or does another program hold it?",
    ]
