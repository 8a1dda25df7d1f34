"""Every help ends with examples, and each of them is a command line that our own parser takes."""

import argparse
import re
import shlex
from collections.abc import Iterator

import pytest

from hexmeter.cli.main import COMMANDS, EPILOG, parse, parser_of

_OPERATORS = {"|", "||", "&", "&&", ">", ">>", ";"}


def helps() -> Iterator[tuple[str, str]]:
    """Every command and verb, as it is called, and how its help ends."""
    for command in COMMANDS:
        yield from _helps_of(f"hexmeter {command}", parser_of(command))


def _helps_of(name: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    yield name, parser.epilog or ""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb, inner in action.choices.items():
                yield from _helps_of(f"{name} {verb}", inner)


def examples(epilog: str) -> list[str]:
    """The lines below `examples:`."""
    _, _, lines = epilog.partition("example")
    return [line.strip() for line in lines.splitlines()[1:]]


def our_commands(line: str) -> Iterator[list[str]]:
    """The words of each command of ours in a line for a shell, without `hexmeter`."""
    words: list[str] = []
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;>")
    lexer.whitespace_split = True
    for word in [*lexer, ";"]:
        if word not in _OPERATORS:
            words.append(word)
            continue
        if words[:1] == ["hexmeter"]:
            yield words[1:]
        words = []


@pytest.mark.parametrize(("name", "epilog"), [pytest.param(*found, id=found[0]) for found in helps()])
def test_a_help_ends_with_examples_that_can_be_run(name: str, epilog: str) -> None:
    assert re.search(r"(^|\n)examples?:\n  \S", epilog), f"{name} --help has no examples"
    lines = examples(epilog)
    assert any(name in line for line in lines)
    for line in lines:
        found = [*our_commands(line)]
        assert found, f"{line!r} runs nothing of ours"
        for words in found:
            parse(words)  # Ends the test with SystemExit where it does not understand them.


def test_the_first_help_names_the_commands_to_begin_with() -> None:
    for words in re.findall(r"hexmeter ([a-z]+)", EPILOG):
        assert words in COMMANDS
