"""Completion: what bash itself offers after each beginning, and that the other shells take theirs."""

import shutil
import subprocess
from pathlib import Path

import pytest

from hexmeter.cli.main import COMMANDS
from running_daemon import Home

ASK = """\
source {script}
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _hexmeter; printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import sys

    path = tmp_path_factory.mktemp("completion") / "hexmeter.bash"
    script = subprocess.run([sys.executable, "-m", "hexmeter", "completion", "bash"], capture_output=True, check=True)
    path.write_bytes(script.stdout)
    return path


def offered(script: Path, words: str) -> set[str]:
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK.format(script=script, words=words)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("hexmeter sta", {"status"}, id="a command"),
        pytest.param("hexmeter status --for", {"--format"}, id="an option"),
        pytest.param("hexmeter status --format ''", {"oneline", "waybar"}, id="what an option takes"),
        pytest.param("hexmeter --config x config ''", {"check", "path", "show", "-h", "--help", "--json", "--config"},
            id="what a command takes, behind an option"),
    ],
)  # fmt: skip
def test_bash_offers_what_fits(bash_script: Path, words: str, expected: set[str]) -> None:
    assert offered(bash_script, words) == expected


def test_bash_offers_every_command(bash_script: Path) -> None:
    assert offered(bash_script, "hexmeter ''") == {*COMMANDS, "--help", "--version", "--config"}


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_another_shell_takes_its_own(admins: Home, shell: str) -> None:
    ran = admins.ask("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert all(name in ran.out for name in COMMANDS)
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n", "/dev/stdin"], input=ran.out, capture_output=True, text=True)
        assert (checked.returncode, checked.stderr) == (0, "")
