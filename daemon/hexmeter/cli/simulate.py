"""Run a simulated Hex on this machine, to try hexmeter without an account."""

import argparse
import asyncio
import os
import re
import signal
import sys
from datetime import UTC, datetime
from typing import TypeVar

from hexmeter.cli.helps import end_with
from hexmeter.hex.simulator.arrivals import keep_arriving, keep_going, put_near_limit
from hexmeter.hex.simulator.documents import iso
from hexmeter.hex.simulator.faults import KINDS, SPEC_HELP, BadFaultSpec, Fault, parse_fault
from hexmeter.hex.simulator.history import generated
from hexmeter.hex.simulator.jsontext import CREDIT, credits_number, micro_of
from hexmeter.hex.simulator.rates import UNLIMITED, Rates
from hexmeter.hex.simulator.running import Running, running
from hexmeter.hex.simulator.server import system_ms
from hexmeter.hex.simulator.world import World

_Number = TypeVar("_Number", int, float)
_MOST_PEOPLE = 2_000
_MOST_CREDITS = 100_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter simulate`."""
    width = max(map(len, KINDS))
    kinds = "\n".join(f"  {kind:{width}}  {what}" for kind, what in KINDS.items())
    note = (
        f"A fault is {SPEC_HELP}:\nPATH is below /api/v1; a number with a point is a probability, one without a "
        f"count. The kinds:\n{kinds}"
    )
    end_with(parser, note, "hexmeter simulate", "hexmeter simulate --people 5 --pace 20 --fault 500:0.2")
    add = parser.add_argument
    add("--port", type=_port, default=0, metavar="N", help="port on 127.0.0.1; 0 (the default) takes a free one")
    add("--seed", type=int, default=1, metavar="N", help="which world: the same seed gives the same people and past")
    add("--people", type=_people, default=40, metavar="N", help="how many people work there (default 40)")
    add("--pace", type=_pace, default=2.0, metavar="N", help="prompts a minute that keep arriving (default 2; 0: none)")
    add("--fault", type=_fault, action="append", default=[], metavar="SPEC", help="misbehave (repeatable), see below")
    add(
        "--rate-limit",
        type=_rates,
        default=Rates(),
        metavar="PER_MINUTE/PER_HOUR",
        help='requests allowed per token, as Hex does by default: 30/1800; or "none"',
    )
    add("--retry-after", choices=("seconds", "date", "none"), default="seconds", help="how a 429 says when to return")
    add(
        "--near-limit",
        metavar="EMAIL",
        help="somebody (auto: whoever fits) stands at 77 %% of the grant, and their prompts go on to its end "
        "within a minute, unless the pace is 0",
    )
    add("--grant", type=_credits, default=40_000_000, metavar="CREDITS", help="that person's grant (default 40)")
    add(
        "--since",
        type=_time,
        metavar="TIME",
        help="when that period began: ISO 8601 or Unix seconds (default: the 1st)",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM (0); 1 when the port is taken, 2 when the options do not fit together."""
    now_ms = system_ms()
    try:
        world, about = _world(args, now_ms)
    except KeyError:
        print(f"hexmeter simulate: --near-limit: nobody here has the address {args.near_limit}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"hexmeter simulate: --since: {error}", file=sys.stderr)
        return 2
    try:
        asyncio.run(_serve(world, args, about))
    except OSError as error:
        # asyncio wraps the reason in a sentence of its own.
        reason = os.strerror(error.errno) if error.errno else str(error)
        print(
            f"hexmeter simulate: port {args.port} of 127.0.0.1 cannot be used: {reason}; "
            "choose another, or --port 0 for a free one",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        pass  # Where signals cannot be handled in the loop, such as on Windows.
    return 0


def _world(args: argparse.Namespace, now_ms: int) -> tuple[World, list[str]]:
    world = generated(args.seed, now_ms, args.people)
    about: list[str] = []
    keep_arriving(world, args.seed, args.pace, now_ms)
    if args.near_limit is not None:
        start = datetime.fromtimestamp(now_ms / 1000, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        since_ms = args.since if args.since is not None else round(start.timestamp() * 1000)
        email = None if args.near_limit == "auto" else args.near_limit
        person = put_near_limit(world, email, since_ms=since_ms, now_ms=now_ms, grant_micro=args.grant)
        if args.pace > 0:
            keep_going(world, person, since_ms=since_ms, now_ms=now_ms, grant_micro=args.grant)
        grant = credits_number(args.grant).text
        about.append(
            f"near the limit: {person.email}, at 77 % of {grant} credits; token {world.token_for(person.email)}"
        )
    return world, about


async def _serve(world: World, args: argparse.Namespace, about: list[str]) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        except NotImplementedError:
            break
    async with running(
        world, port=args.port, rates=args.rate_limit, retry_after=args.retry_after, faults=args.fault
    ) as sim:
        print("\n".join([sim.base_url, "", *_greeting(sim), *about]), flush=True)
        await ended.wait()


def _greeting(sim: Running) -> list[str]:
    lines = [f"A simulated Hex with {len(sim.world.people)} people and {len(sim.world.threads)} threads. Its tokens:"]
    width = max(map(len, sim.world.tokens))
    for token in sim.world.tokens.values():
        person = None if token.user_id is None else sim.world.people[token.user_id]
        who = f"{person.role:9} {person.email}" if person else "the workspace"
        end = "" if token.expires_ms is None else f", until {iso(token.expires_ms)[:10]}"
        lines.append(f"  {token.text:{width}}  {who}{end}")
    return [
        *lines,
        "",
        "Point hexmeter at it: in config.toml",
        "  [hex]",
        f'  base_url = "{sim.base_url}"',
        "and one of the tokens in the environment: HEX_TOKEN=hxtp_sim_admin",
        f"What was really spent: {sim.url}/_sim/truth",
        "Ctrl-C ends it.",
    ]


def _within(text: str, number: type[_Number], least: int, most: int) -> _Number:
    try:
        value = number(text)
    except ValueError:
        value = number(-1)
    # The comparison is false for NaN too.
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
    return value


def _port(text: str) -> int:
    return _within(text, int, 0, 65_535)


def _people(text: str) -> int:
    return _within(text, int, 1, _MOST_PEOPLE)


def _pace(text: str) -> float:
    return _within(text, float, 0, 6_000)


def _credits(text: str) -> int:
    try:
        micro = micro_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not CREDIT <= micro <= _MOST_CREDITS * CREDIT:
        raise argparse.ArgumentTypeError(f"{text!r} is not from 1 to {_MOST_CREDITS} credits")
    return micro


def _fault(text: str) -> Fault:
    try:
        return parse_fault(text)
    except BadFaultSpec as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _rates(text: str) -> Rates:
    if text == "none":
        return UNLIMITED
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f'{text!r} is neither PER_MINUTE/PER_HOUR, such as 30/1800, nor "none"')
    return Rates(int(match[1]), int(match[2]))


def _time(text: str) -> int:
    """ISO 8601 (without a zone: UTC) or Unix seconds, as Unix milliseconds."""
    if re.fullmatch(r"\d{1,11}(\.\d+)?", text):
        return round(float(text) * 1000)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither an ISO 8601 time nor Unix seconds") from None
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
