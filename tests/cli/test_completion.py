"""Completion: what each shell itself offers after each beginning."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_bus import require, wait_until
from hexmeter.cli.completion import SHELLS
from hexmeter.cli.main import COMMANDS

from .conftest import read_terminal

HOSTS = {str(path) for path in Path("/etc").glob("host*")}
ASK = """\
source {script}
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _hexmeter; printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the script for each shell, and a file called my.csv."""
    folder = tmp_path_factory.mktemp("completion")
    (folder / "my.csv").touch()
    for shell in SHELLS:
        command = [sys.executable, "-m", "hexmeter", "completion", shell]
        (folder / shell).write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
    return folder


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
        pytest.param("hexmeter setup --used ''", set(), id="an option that takes anything"),
        pytest.param("hexmeter setup --token-file /etc/host", HOSTS, id="an option's file"),
    ],
)  # fmt: skip
def test_bash_offers_what_fits(scripts: Path, words: str, expected: set[str]) -> None:
    assert offered(scripts / "bash", words) == expected


def test_bash_offers_every_command(scripts: Path) -> None:
    assert offered(scripts / "bash", "hexmeter ''") == {*COMMANDS, "--help", "--version", "--config"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("sta", {"status"}, id="a command"),
        pytest.param("alerts sn", {"snooze"}, id="a verb"),
        pytest.param("status --for", {"--format"}, id="an option"),
        pytest.param("status --format ", {"oneline", "waybar"}, id="what an option takes"),
        pytest.param("status ", set(), id="a command that takes no words"),
        pytest.param("import my", {"my.csv"}, id="a file"),
        pytest.param("setup --token-file my", {"my.csv"}, id="an option's file"),
        pytest.param("--config my", {"my.csv"}, id="the configuration"),
    ],
)
def test_fish_offers_what_fits(scripts: Path, words: str, expected: set[str]) -> None:
    require("fish")
    command = ["fish", "--no-config", "-c", f"source fish; complete -C'hexmeter {words}'"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=scripts)
    offered = {line.partition("\t")[0] for line in done.stdout.splitlines()}
    assert (done.returncode, done.stderr, offered) == (0, "", expected)


def test_zsh_completes_what_is_typed(scripts: Path) -> None:
    """On a terminal, for zsh completes nowhere else; what is called `hexmeter` there says how it was called."""
    require("zsh")
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    with subprocess.Popen(
        ["zsh", "-f", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, cwd=scripts,
        env={**os.environ, "TERM": "dumb"},
    ) as zsh:  # fmt: skip
        os.close(theirs)
        shown = bytearray()

        def type_and_see(typed: str, words: bytes) -> None:
            os.write(ours, typed.encode())
            wait_until(lambda: shown.extend(read_terminal(ours)) or words in shown, f"zsh shows {words!r}", 20)

        try:
            type_and_see("autoload -U compinit && compinit -D -u; . ./zsh; hexmeter() { echo RAN $@ }\n", b"RAN")
            type_and_see("echo READY | tr A-Z a-z\n", b"ready")
            type_and_see("hexmeter al\tsn\t7\n", b"RAN alerts snooze 7")
            type_and_see("hexmeter status --form\tone\t\n", b"RAN status --format oneline")
        finally:
            zsh.kill()
            os.close(ours)
