"""Set everything up: token, configuration, service, and the first status."""

import argparse
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hexmeter.cli import setupfile
from hexmeter.cli.asking import who_is
from hexmeter.cli.explained import Explained
from hexmeter.cli.helps import end_with
from hexmeter.cli.questions import Questions
from hexmeter.cli.setupend import finish
from hexmeter.config.load import ConfigError, parse
from hexmeter.config.model import Config
from hexmeter.config.token import (
    Source,
    Token,
    TokenError,
    checked_token,
    store_in_keyring,
    token_source,
)
from hexmeter.core.credits import CreditsError, parse_credits
from hexmeter.core.grants import EDITOR_GRANT_MICRO
from hexmeter.core.instants import to_iso
from hexmeter.core.model import Identity
from hexmeter.core.strings import clean
from hexmeter.hex.errors import HexError, TokenRefused
from hexmeter.service.watch import WatchError, effective_watch
from hexmeter.wire.address import config_path, default_database_path
from hexmeter.wire.render import day

_EXIT_FAILED, _EXIT_USAGE, _EXIT_REFUSED = 1, 2, 3
_MAY_LIST = ("ADMIN", "MANAGER")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter setup`."""
    parser.add_argument("--yes", action="store_true", help="ask nothing: flags, what is there already, else defaults")
    token = parser.add_argument_group("the token (never as an argument: others see those)")
    token.add_argument("--token-stdin", action="store_true", help="read it from standard input")
    token.add_argument("--token-file", metavar="FILE", help="it is in this file, or goes there")
    token.add_argument("--token-command", metavar="COMMAND", help="this command prints it, such as 'pass show hex'")
    token.add_argument("--keyring", action="store_true", help="it is in the system's keyring, or goes there")
    plan = parser.add_argument_group("the plan, which Hex does not tell")
    plan.add_argument("--tier", choices=tuple(EDITOR_GRANT_MICRO), help="the workspace's tier")
    plan.add_argument("--grant", metavar="CREDITS", help="monthly credits of every seat, in place of the tier's")
    plan.add_argument("--reset-day", type=int, metavar="DAY", help="day of the month on which grants come back")
    plan.add_argument("--timezone", metavar="ZONE", help="of the reset; default: this machine's")
    figure = parser.add_mutually_exclusive_group()
    figure.add_argument("--used", metavar="CREDITS", help="what your page in Hex shows as used, to start from")
    figure.add_argument("--remaining", metavar="CREDITS", help="what it shows as remaining")
    parser.add_argument("--watch", metavar="WHOM", help="me, everyone, or emails with commas between")
    parser.add_argument("--base-url", metavar="URL", help="Hex's API, for EU and single-tenant workspaces")
    parser.add_argument("--service", action=argparse.BooleanOptionalAction, help="start at login as a service")
    parser.add_argument("--tray", action=argparse.BooleanOptionalAction, help="start the tray at login")
    end_with(
        parser,
        "Run it again to change something: what is there stays, comments too. It only reads from Hex.",
        "hexmeter setup",
        "hexmeter setup --yes --tier team --reset-day 15 --token-command 'pass show hex'",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter setup`."""
    questions = Questions(asks=not arguments.yes)
    path = Path(config_path(arguments.config))
    content = _content(path)
    config = before = _parsed(content, path)
    values: dict[str, Any] = {}
    _check_figure(arguments)
    if arguments.base_url is not None:
        values["hex.base_url"] = arguments.base_url
        config = _parsed(setupfile.changed(content, values), path)
    found = _token(arguments, questions, config)
    identity = _checked(config, found.token)
    print(_who(identity, config))
    values |= found.values
    values |= _plan(arguments, questions, config, identity)
    wanted = {place: value for place, value in values.items() if before.given.get(place) != value}
    written = setupfile.changed(content, wanted)
    config = _parsed(written, path)
    try:
        effective_watch(config.watch, identity)
    except WatchError as error:
        raise Explained(str(error), "--watch everyone", _EXIT_USAGE) from None
    if found.file is not None:
        setupfile.write_token(found.file, found.token)
        print(f"{found.file}: the token, for you alone")
    if found.in_keyring:
        _keep_in_keyring(found.token)
    if written != content or not path.exists():
        setupfile.write_config(path, written)
    print(f"{path}: {'written' if not content else 'changed' if written != content else 'is up to date'}")
    _say_what_is_assumed(config)
    return finish(arguments, questions, config, identity)


@dataclass(frozen=True, slots=True)
class Found:
    """The token, what the configuration will say of it, and where it is yet to be stored."""

    token: Token
    values: dict[str, Any]
    file: Path | None = None
    in_keyring: bool = False


def _token(arguments: argparse.Namespace, questions: Questions, config: Config) -> Found:
    """The token by flags, else where it is already, else by asking. Raises Explained."""
    try:
        if arguments.token_file is not None:
            # As a shell takes it: from here, and not from the configuration's folder.
            arguments.token_file = str(Path(arguments.token_file).expanduser().absolute())
        if arguments.token_stdin:
            line = sys.stdin.readline() if sys.stdin is not None else ""
            return _to_be_stored(checked_token(line.strip(), "standard input"), arguments, config)
        if _goes_there(arguments):
            return _to_be_stored(checked_token(os.environ["HEX_TOKEN"].strip(), "HEX_TOKEN"), arguments, config)
        if arguments.token_command is not None or arguments.token_file is not None or arguments.keyring:
            values = _named(arguments)
            return Found(token_source(_parsed(setupfile.changed("", values), config.path).token, {}).read(), values)
        there = _source_there(config)
        if there is not None and questions.yes(f"Use the token from {there.name}?"):
            token = there.read()
            # A service has no HEX_TOKEN, so it is stored unless the configuration names another place.
            stored = there.name != "HEX_TOKEN" or _source_there(config, environ={}) is not None
            return Found(token, {}) if stored else _to_be_stored(token, arguments, config)
        if not questions.asks:
            hint = "set HEX_TOKEN, or give --token-stdin, --token-file, --token-command or --keyring"
            raise Explained("there is no token", hint, _EXIT_USAGE)
        return _asked(arguments, questions, config)
    except TokenError as error:
        raise Explained(str(error), error.hint, _EXIT_USAGE) from None


def _goes_there(arguments: argparse.Namespace) -> bool:
    """Whether --token-file names a file yet to be made, for the token in HEX_TOKEN."""
    name = None if arguments.token_command is not None or arguments.keyring else arguments.token_file
    return bool(name and os.environ.get("HEX_TOKEN", "").strip() and not Path(name).exists())


def _asked(arguments: argparse.Namespace, questions: Questions, config: Config) -> Found:
    places = {
        "file": "a file that you alone can read",
        "keyring": "the system's keyring",
        "command": "a command of yours",
    }
    print("A token is made in Hex under Settings, API tokens. An Admin's or Manager's can list threads.")
    place = questions.choose("Where shall the token be?", places, "file")
    if place == "command":
        arguments.token_command = questions.text("Which command prints it?", "pass show hex")
        return _token(arguments, questions, config)
    arguments.keyring = place == "keyring"
    return _to_be_stored(checked_token(questions.secret("Token: "), "your answer"), arguments, config)


def _to_be_stored(token: Token, arguments: argparse.Namespace, config: Config) -> Found:
    if arguments.keyring:
        return Found(token, _named(arguments), in_keyring=True)
    if arguments.token_command is not None:
        raise Explained("a command's token is not stored by setup", "leave --token-stdin out", _EXIT_USAGE)
    name = arguments.token_file or (str(config.token.file) if config.token.file else "token")
    file = config.path.absolute().parent / Path(name).expanduser()
    kept = str(config.given.get("hex.token_file", name)) if not arguments.token_file else arguments.token_file
    return Found(token, {"hex.token_file": kept, "hex.token_command": None, "hex.keyring": None}, file=file)


def _named(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the configuration says of a token that is in a place of the user's; only one place is named."""
    values: dict[str, Any] = {"hex.token_command": None, "hex.token_file": None, "hex.keyring": None}
    if arguments.token_command is not None:
        values["hex.token_command"] = _words(arguments.token_command)
    elif arguments.token_file is not None:
        values["hex.token_file"] = arguments.token_file
    else:
        values["hex.keyring"] = True
    return values


def _words(command: str) -> list[str] | str:
    """The command as a shell splits it; one that cannot be split as it is, for the configuration's check to refuse."""
    try:
        return shlex.split(command)
    except ValueError:
        return command


def _keep_in_keyring(token: Token) -> None:
    try:
        store_in_keyring(token)
    except TokenError as error:
        raise Explained(str(error), error.hint, _EXIT_USAGE) from None


def _source_there(config: Config, environ: dict[str, str] | None = None) -> Source | None:
    try:
        return token_source(config.token, os.environ if environ is None else environ)
    except TokenError:
        return None


def _checked(config: Config, token: Token) -> Identity:
    try:
        return who_is(config, token)
    except TokenRefused as error:
        raise Explained(str(error), "make a new token in Hex, then run hexmeter setup again", _EXIT_REFUSED) from None
    except HexError as error:
        raise Explained(str(error), error.hint, _EXIT_FAILED) from None


def _who(identity: Identity, config: Config) -> str:
    who = "a workspace token" if identity.person is None else _name(identity)
    expires_ms = identity.token_expires_ms
    expiry = "it does not expire" if expires_ms is None else f"it expires on {day(to_iso(expires_ms), config.zone)}"
    return f"Hex takes the token: {who}, workspace {clean(identity.org_id, 80)}; {expiry}."


def _name(identity: Identity) -> str:
    person = identity.person
    assert person is not None
    return f"{clean(person.email or person.name or person.id, 80)}, {clean((person.role or 'no role').lower(), 40)}"


def _plan(arguments: argparse.Namespace, questions: Questions, config: Config, identity: Identity) -> dict[str, Any]:
    """The answers about the plan and whom to watch, as values of the configuration."""
    given = config.given
    tiers = {tier: f"{micro // 1_000_000} credits a month" for tier, micro in EDITOR_GRANT_MICRO.items()}
    tier = arguments.tier or given.get("plan.tier")
    if tier is None or (questions.asks and not arguments.tier):
        tier = questions.choose("Which tier is the workspace?", tiers, tier) or tier
    values = {"plan.tier": tier, "plan.grant": given.get("plan.grant")}
    if arguments.grant is not None:
        values["plan.grant"] = _number(arguments.grant)
    reset_day = given.get("plan.reset_day") if arguments.reset_day is None else arguments.reset_day
    if questions.asks and arguments.reset_day is None:
        asked = "On which day of the month do credits come back? Your own page in Hex knows it."
        reset_day = questions.number(asked, int(reset_day or 1), 1, 31)
    zone = given.get("plan.timezone") if arguments.timezone is None else arguments.timezone
    values |= {"plan.reset_day": 1 if reset_day is None else reset_day, "plan.timezone": zone}
    return values | {"watch.users": _watched(arguments, questions, config, identity)}


def _watched(arguments: argparse.Namespace, questions: Questions, config: Config, identity: Identity) -> Any:
    given = config.given.get("watch.users")
    if arguments.watch is not None:
        return arguments.watch if arguments.watch in ("me", "everyone") else arguments.watch.split(",")
    role = None if identity.person is None else (identity.person.role or "").upper()
    if role in _MAY_LIST and questions.asks and given is None:
        whom = {"me": "your own credits", "everyone": "everybody's that the token sees"}
        return questions.choose("Whose credits shall be watched?", whom, "me")
    if role is not None and role not in _MAY_LIST:
        print(
            "Hex does not list threads for this role: name yours with hexmeter track URL, and start from the figure on"
            " your page in Hex with hexmeter calibrate --used N."
        )
    return given


def _say_what_is_assumed(config: Config) -> None:
    if config.plan.tier is None and config.plan.grant_micro is None:
        print("The tier is not known, so grants are not either: hexmeter setup --yes --tier team")
    print(f"Credits are taken to come back on day {config.reset_day} of the month, midnight in {config.zone.key}.")


def _check_figure(arguments: argparse.Namespace) -> None:
    for figure in (arguments.used, arguments.remaining):
        try:
            parse_credits("0" if figure is None else figure)
        except CreditsError as error:
            raise Explained(str(error), "give credits such as 27.5", _EXIT_USAGE) from None


def _number(text: str) -> int | float:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise Explained(f"--grant {text}: not a number of credits", "--grant 40", _EXIT_USAGE) from None


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise Explained(f"{path} is not UTF-8 text", "move it away, then try again", _EXIT_USAGE) from None
    except OSError as error:
        raise Explained(f"cannot read {path}: {error.strerror}", "check its permissions", _EXIT_USAGE) from None


def _parsed(content: str, path: Path) -> Config:
    try:
        return parse(content, path, Path(default_database_path()))
    except ConfigError as error:
        raise Explained(str(error), "", _EXIT_USAGE) from None
