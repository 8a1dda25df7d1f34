"""Run the daemon in the foreground: it polls Hex, stores what it sees and answers all other commands."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sqlite3
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.cli.configuration import load_config, read_config
from hexmeter.cli.explained import Explained
from hexmeter.cli.helps import end_with
from hexmeter.cli.logs import FORMS, log_to_stderr
from hexmeter.config.model import Config
from hexmeter.config.token import TokenError
from hexmeter.service.app import EXIT_CONFIGURATION, EXIT_FAILED, Fatal, run_forever, run_once
from hexmeter.service.watch import WatchError
from hexmeter.store.database import StoreError
from hexmeter.wire.address import runtime_folder, socket_path
from hexmeter.wire.render import day, gauge

TYPE_CHECKING = False  # what a running daemon does not need is not imported: it would hold it for ever
if TYPE_CHECKING:
    import argparse

_WEEK_S = 7 * 24 * 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter daemon`."""
    parser.add_argument("--once", action="store_true", help="poll once, the whole history included, then exit")
    parser.add_argument("--max-seconds", type=_seconds, metavar="N", help="with --once: stop after N seconds")
    parser.add_argument("--verbose", action="store_true", help="log more")
    parser.add_argument("--log-format", choices=FORMS, default="text", help="json: an object a line")
    end_with(
        parser,
        "SIGTERM and Ctrl-C end it cleanly, SIGHUP reads the configuration anew. hexmeter service install"
        " runs it at every login.",
        "hexmeter daemon",
        "hexmeter daemon --once --max-seconds 60",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter daemon`."""
    if arguments.max_seconds is not None and not arguments.once:
        raise Explained("--max-seconds goes with --once", "hexmeter daemon --once --max-seconds 60", 2)
    level = logging.DEBUG if arguments.verbose else logging.INFO
    if not arguments.once:
        return stay(arguments.config, level, arguments.log_format)
    config = _begin(arguments.config, level, arguments.log_format)
    with _explaining(config), _progress_bar(config.zone) as show:
        return asyncio.run(run_once(config, arguments.max_seconds, show))


def stay(given: str | None, level: int = logging.INFO, log_format: str = "text") -> int:
    """Run the daemon with this configuration until it is told to end; the exit code. Raises Explained."""
    config = _begin(given, level, log_format)
    path = Path(socket_path(given))
    own_folder, reread = str(path.parent) == runtime_folder(), partial(load_config, given)
    with _explaining(config):
        return asyncio.run(run_forever(config, path, own_folder=own_folder, reread=reread))


def _begin(given: str | None, level: int, log_format: str) -> Config:
    """Log from now on; the configuration. Raises Explained."""
    log_to_stderr(level, log_format)
    config = read_config(given)
    # What was imported stays to the end: the collector need not look through it time and again.
    gc.freeze()
    return config


@contextlib.contextmanager
def _explaining(config: Config) -> Iterator[None]:
    """Turns what ends a daemon into what its user is told."""
    try:
        yield
    except Fatal as error:
        raise Explained(str(error), error.hint, error.exit_code) from None
    except StoreError as error:
        raise Explained(str(error), error.hint, error.exit_code) from None
    except TokenError as error:
        raise Explained(str(error), error.hint, EXIT_CONFIGURATION) from None
    except WatchError as error:
        raise Explained(str(error), "mend [watch] users", EXIT_CONFIGURATION) from None
    except sqlite3.Error as error:
        raise Explained(
            f"the database {config.database} cannot be used: {error}",
            "is the disk full, or does another program hold it?",
            EXIT_FAILED,
        ) from None


@contextlib.contextmanager
def _progress_bar(zone: ZoneInfo) -> Iterator[Callable[[dict[str, Any]], None] | None]:
    """Shows the first run's progress as a bar on a terminal, in place of lines of log; None where there is none."""
    if not sys.stderr.isatty():
        yield None
        return
    logging.getLogger().setLevel(logging.WARNING)
    drawn = False

    def show(progress: dict[str, Any]) -> None:
        nonlocal drawn
        drawn = True
        back_to = day(progress["back_to"], zone)
        line = f"Reading the history {gauge(progress['share'])} {progress['done']} threads, back to {back_to}"
        print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        if drawn:
            print(file=sys.stderr)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= _WEEK_S:
        import argparse

        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0 and up to a week, {_WEEK_S}")
    return value
