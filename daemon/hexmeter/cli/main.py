"""The command line's front door: finds the command, prints what went wrong, gives the exit code."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys

from hexmeter.cli.explained import Explained

TYPE_CHECKING = False  # typing's own costs a status bar its import
if TYPE_CHECKING:
    import argparse

COMMANDS = {
    "setup": "Set everything up: token, configuration, service, and the first status.",
    "status": "Show the meters: what is left of each grant, how sure that is, and how fast it goes.",
    "poll": "Ask the daemon to look at Hex now, wait, and say what it saw.",
    "forecast": "Show how far the credits will go: the range by the reset, when they end, and how past forecasts did.",
    "can-afford": "Say whether so many more prompts fit into what is left: exit code 0 yes, 10 no, 11 not known.",
    "usage": "Show what was used, summed by user, day, model, source, type, thread or prompt.",
    "report": "Show a week or a month against the one before: who, which models, topics, threads and prompts.",
    "audit": "Show idle seats and schedules, failing runs, and who needs more: what to do in Hex, and what it saves.",
    "dashboard": "Open the page with all figures, which the daemon serves to this machine alone.",
    "alerts": "Show what was told, newest first, and what became of it; acknowledge, snooze or mute it.",
    "pause": "Pause the scheduled polls until a time; polls on demand still work.",
    "resume": "Poll as scheduled again, beginning now.",
    "track": "Follow single threads by their links: for Editors and Explorers, whom Hex shows no list.",
    "calibrate": "Set a grant's meter to the figure that Hex's own page shows.",
    "import": "Take in a usage log that an Admin downloaded from Hex.",
    "export": "Write out the ledger, the meters or the alerts, as CSV or JSON lines.",
    "daemon": "Run the daemon in the foreground: it polls Hex, stores what it sees and answers all other commands.",
    "config": "Check the configuration, show what is in force, or say where the file is.",
    "reload": "Have the daemon read its configuration anew; a file with faults changes nothing.",
    "doctor": "Look at everything Hexmeter needs, and say of each whether it is well, and how to mend it.",
    "service": "Install the daemon as a service, remove it, or say how it stands; with --tray also the tray at login.",
    "completion": "Print the completion of this command line for a shell.",
    "simulate": "Run a simulated Hex on this machine, to try hexmeter without an account.",
    "demo": "Show everything at work on a simulated Hex: no account, nothing left behind.",
}
"""The commands and their help; each is the module of its name beside this one, imported when it is called."""

_PLAIN_STATUS = {
    (): "text",
    ("--json",): "json",
    ("--format", "oneline"): "oneline",
    ("--format", "waybar"): "waybar",
}
"""The options of `hexmeter status` that are understood without a parser, and the form that each asks for."""

_PLAIN = {"█": "#", "░": ".", "·": "-", "…": "...", "→": "->"}
"""What our own marks are on a terminal that does not know them."""

EPILOG = """\
exit codes: 0 done; 1 failed (network, Hex); 2 usage or configuration; 3 the token is refused;
4 already running; 5 the daemon is not running; can-afford: 10 no, 11 not known

begin: hexmeter setup   then: hexmeter daemon &   and: hexmeter status   what is wrong: hexmeter doctor
"""


def main(argv: list[str]) -> int:
    """Run the command in `argv` (without the program's name); the exit code."""
    if sys.stdout is not None and sys.stdout.encoding.lower() != "utf-8" and isinstance(sys.stdout, io.TextIOWrapper):
        # A gauge or a name that a terminal of another encoding cannot show is no reason to fail.
        codecs.register_error("plainly", _plainly)
        sys.stdout.reconfigure(errors="plainly")
    exit_code = 0
    try:
        exit_code = _answer(argv)
        if sys.stdout is not None:
            # Here, where it can be explained: at exit Python would only complain.
            sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()  # The reader has seen enough.
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _forget_output()
        print(f"hexmeter: the output cannot be written: {error.strerror}", file=sys.stderr)
        print("  try: make room where it goes", file=sys.stderr)
        return 1
    return exit_code


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """What to show in place of what cannot be: a gauge stays one, for a row of question marks means unknown."""
    assert isinstance(error, UnicodeEncodeError)
    shown = error.object[error.start : error.end]
    return "".join(_PLAIN.get(mark, "?") for mark in shown), error.end


def _answer(argv: list[str]) -> int:
    try:
        config, words = _without_config(argv)
        if words[:1] == ["status"] and tuple(words[1:]) in _PLAIN_STATUS:
            # Status bars run this every few seconds: no parser of options before the answer.
            from hexmeter.cli.status import show

            return show(config, _PLAIN_STATUS[tuple(words[1:])])
        if words == ["daemon"]:
            # It would keep the parser in memory for ever.
            from hexmeter.cli.daemon import stay

            return stay(config)
        arguments = parse(argv)
        return int(arguments.run(arguments))
    except KeyboardInterrupt:
        return 130
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except Exception as error:
        known = _explained(error)
        if known is None:
            raise
        message, hint, exit_code = known
        print(f"hexmeter: {message}", file=sys.stderr)
        if hint:
            print(f"  try: {hint}", file=sys.stderr)
        return exit_code


def _without_config(argv: list[str]) -> tuple[str | None, list[str]]:
    """The configuration that `argv` begins with, as in a service's command line, and the rest."""
    if len(argv) > 2 and argv[0] == "--config" and not argv[1].startswith("-"):
        return argv[1], argv[2:]
    return None, argv


def _forget_output() -> None:
    """Send what is still unwritten nowhere, or Python would complain of it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explained(error: Exception) -> tuple[str, str, int] | None:
    """What to print for an error a user can do something about, and its exit code; None for a fault of ours."""
    from hexmeter.wire.client import ClientError

    if isinstance(error, ClientError):
        return error.message, error.hint, error.exit_code
    if isinstance(error, Explained):
        return str(error), error.hint, error.exit_code
    return None


def parse(argv: list[str]) -> argparse.Namespace:
    """The options in `argv`, and in `run` what does the command. SystemExit: its help was asked for, or it is wrong."""
    import argparse
    from importlib import import_module

    from hexmeter import __version__

    parser = argparse.ArgumentParser(
        prog="hexmeter",
        description="Tells you what your Hex agents cost before the credits run out.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"hexmeter {__version__}")
    _add_config(parser, None)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    wanted = next((word for word in argv if word in COMMANDS), None)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if name == wanted:
            module = import_module(module_of(name))
            module.add_arguments(command)
            command.set_defaults(run=module.run)
            _add_config(command, argparse.SUPPRESS)
    return parser.parse_args(argv)


def parser_of(command: str) -> argparse.ArgumentParser:
    """The parser of one command alone."""
    import argparse
    from importlib import import_module

    parser = argparse.ArgumentParser(prog=f"hexmeter {command}")
    import_module(module_of(command)).add_arguments(parser)
    _add_config(parser, None)
    return parser


def module_of(command: str) -> str:
    """The module of a command: with underscores for hyphens, and one behind a keyword of Python."""
    from keyword import iskeyword

    return f"hexmeter.cli.{command.replace('-', '_')}{'_' if iskeyword(command) else ''}"


def _add_config(parser: argparse.ArgumentParser, default: str | None) -> None:
    text = "another configuration file (also: HEXMETER_CONFIG)"
    parser.add_argument("--config", metavar="FILE", default=default, help=text)
