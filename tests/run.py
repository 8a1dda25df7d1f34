"""Set up and run the tests: python3 tests/run.py [pytest's arguments]

On a Debian machine with nothing but Python 3.11 (venv and pip): makes .venv, installs Hexmeter and the test tools
into it, as root also the Debian packages that the tests of the desktop and the dashboard need, and runs pytest. Without
root those tests are skipped, with the reason, unless the packages are there. With CI=true nothing is skipped: what is
missing fails.
The slow tests are left out unless asked for: python3 tests/run.py -m slow
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from debian_packages import NEEDED

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed-for-tests"


def main(arguments: list[str]) -> int:
    """Set everything up, run pytest with `arguments`; its exit code."""
    make_environment()
    install_debian_packages()
    chosen = [] if any(argument.startswith("-m") for argument in arguments) else ["-m", "not slow"]
    python = str(VENV / "bin" / "python")
    # A file's tests stay in one process, for what they share. One process more than cores: many tests wait.
    spread = [] if any(argument.startswith("-n") for argument in arguments) else ["-n", str((os.cpu_count() or 1) + 1)]
    return subprocess.call([python, "-m", "pytest", "--dist", "loadfile", *spread, *chosen, *arguments], cwd=ROOT)


def make_environment() -> None:
    """Make .venv, and install into it what pyproject.toml says, unless that was done already."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    if not (VENV / "bin" / "python").exists():
        print(f"Making {VENV}", flush=True)
        subprocess.check_call([sys.executable, "-m", "venv", str(VENV)])
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    print("Installing Hexmeter and the test tools", flush=True)
    subprocess.check_call([*pip, "--editable", f"{ROOT}[dev]"])
    STAMP.write_text(wanted)


def install_debian_packages() -> None:
    """Install the missing Debian packages, as root; otherwise say what is missing."""
    missing = [package for package in NEEDED if not is_installed(package)]
    if not missing:
        return
    if os.geteuid() != 0:
        print(f"Some tests will be skipped. To run them all: sudo apt-get install {' '.join(missing)}", flush=True)
        return
    print(f"Installing Debian packages: {' '.join(missing)}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        if subprocess.call(["apt-get", "-qq", *command], env=quiet, stdout=subprocess.DEVNULL) != 0:
            print(f"apt-get {command[0]} failed; some tests may be skipped", flush=True)


def is_installed(package: str) -> bool:
    """Whether Debian's package is installed; False where there is no dpkg."""
    try:
        query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
        answer = subprocess.run(query, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return answer.stdout == "installed"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
