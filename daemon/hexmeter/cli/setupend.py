"""The end of setup: the service, the first poll, the figure that Hex shows, and the first status."""

import argparse
import asyncio
import logging
import sqlite3
import time
from typing import Any

from hexmeter.cli import service
from hexmeter.cli.ask import client
from hexmeter.cli.explained import Explained
from hexmeter.cli.questions import Questions
from hexmeter.config.model import Config
from hexmeter.core.credits import CreditsError, parse_credits
from hexmeter.core.model import Identity
from hexmeter.service.app import look_once
from hexmeter.service.refused import Refused
from hexmeter.service.watch import WatchError
from hexmeter.store.database import StoreError
from hexmeter.wire.client import ClientError, DaemonAbsent, DaemonSlow
from hexmeter.wire.render import status_text

_STARTS_WITHIN_S = 20.0
_LOOKS_FOR_S = 15.0


def finish(arguments: argparse.Namespace, questions: Questions, config: Config, identity: Identity) -> int:
    """Do what is left once the configuration is written; the exit code. Raises Explained."""
    figure = _figure(arguments, questions, identity)
    if _wants_service(arguments, questions):
        wants_tray = _wants(arguments.tray, questions, "Start the tray at login, too?")
        service.run(_service_arguments(arguments, tray=wants_tray))
    elif arguments.tray:
        service.install_tray(arguments.config)
    document, note = _by_daemon(arguments, figure) or _by_ourselves(config, figure)
    print("\n" + status_text(document))
    if note:
        print(f"\n{note}")
    if document["progress"]:
        print("\nThese are the first figures: the daemon reads the rest of the history.")
    if not _answers(arguments.config):
        print("\nTo go on watching, run: hexmeter daemon, or: hexmeter service install")
    return 0


def _figure(arguments: argparse.Namespace, questions: Questions, identity: Identity) -> dict[str, str] | None:
    """What Hex shows now, as the API's calibration takes it."""
    for name in ("used", "remaining"):
        if given := getattr(arguments, name):
            return {name: given}
    if identity.person is None or not questions.asks:
        return None
    while used := questions.text("How many credits does your page in Hex show as used this month? (empty: skip)", None):
        try:
            parse_credits(used)
        except CreditsError as error:
            print(f"{error}: give credits such as 27.5")
        else:
            return {"used": used}
    return None


def _wants_service(arguments: argparse.Namespace, questions: Questions) -> bool:
    if arguments.service is None and not (questions.asks and service.is_possible()):
        return False
    return _wants(arguments.service, questions, "Start the daemon at login, as a service?")


def _wants(given: bool | None, questions: Questions, question: str) -> bool:
    return (questions.asks and questions.yes(question)) if given is None else given


def _service_arguments(arguments: argparse.Namespace, *, tray: bool) -> argparse.Namespace:
    install = {"verb": "install", "system": False, "group": None, "no_start": False, "launchd": False}
    return argparse.Namespace(config=arguments.config, tray=tray, **install)


def _answers(config: str | None) -> bool:
    try:
        client(config).get("/v1/status")
    except ClientError:
        return False
    return True


def _by_daemon(arguments: argparse.Namespace, figure: dict[str, str] | None) -> tuple[dict[str, Any], str] | None:
    """Have a daemon that runs take the configuration up; the status, and what to add to it. None where none runs."""
    daemon = client(arguments.config)
    deadline_s = time.monotonic() + (_STARTS_WITHIN_S if service.is_possible() and arguments.service else 0)
    while not _answers(arguments.config):
        if time.monotonic() >= deadline_s:
            return None
        time.sleep(0.2)
    ends_s, note = time.monotonic() + _LOOKS_FOR_S, ""
    path, body = ("/v1/calibrate", {"meter": "grant", **figure}) if figure else ("/v1/poll", None)
    try:
        daemon.post("/v1/reload", timeout_s=_LOOKS_FOR_S)
        try:
            daemon.post(path, body, timeout_s=max(1.0, ends_s - time.monotonic()))
        except DaemonSlow:
            note = f"The daemon goes on reading{', and then takes your figure' if figure else ''}: hexmeter status"
        return daemon.get("/v1/status"), note
    except DaemonAbsent:
        return None


def _by_ourselves(config: Config, figure: dict[str, str] | None) -> tuple[dict[str, Any], str]:
    """The same without a daemon, by one poll of our own. Raises Explained."""
    print("Reading from Hex …", flush=True)
    logging.disable()  # What fails is said once, below.
    try:
        document, finished = asyncio.run(look_once(config, _LOOKS_FOR_S, figure))
    except Refused as error:
        raise Explained(error.failure.message, error.failure.hint, error.failure.exit_code) from None
    except StoreError as error:
        raise Explained(str(error), error.hint, error.exit_code) from None
    except WatchError as error:
        raise Explained(str(error), "mend [watch] users", 2) from None
    except sqlite3.Error as error:
        raise Explained(f"the database cannot be used: {error}", "hexmeter doctor", 1) from None
    if finished or not figure:
        return document, ""
    ((name, amount),) = figure.items()
    return document, f"There was no time to take your figure, so later: hexmeter calibrate --{name} {amount}"
