"""Questions on a terminal; with --yes nobody is asked, and each has its default for an answer."""

import sys
from collections.abc import Mapping

from hexmeter.cli.explained import Explained

_EXIT_USAGE = 2


class Questions:
    """Asks, or does not."""

    def __init__(self, *, asks: bool) -> None:
        self.asks = asks
        if asks and (sys.stdin is None or not sys.stdin.isatty()):
            raise Explained("setup asks questions, and this is no terminal", "give --yes and flags", _EXIT_USAGE)

    def text(self, question: str, default: str | None) -> str:
        """An answer in words; an empty one is the default."""
        if not self.asks:
            return default or ""
        shown = f"{question} [{default}] " if default else f"{question} "
        try:
            return input(shown).strip() or default or ""
        except EOFError:
            raise Explained("there was no answer", "run hexmeter setup again, or give --yes", _EXIT_USAGE) from None

    def secret(self, question: str) -> str:
        """An answer that nobody sees."""
        from getpass import getpass

        try:
            return getpass(question).strip()
        except EOFError:
            raise Explained("there was no token", "run hexmeter setup again", _EXIT_USAGE) from None

    def yes(self, question: str, *, default: bool = True) -> bool:
        """Yes or no."""
        while True:
            answer = self.text(f"{question} {'[Y/n]' if default else '[y/N]'}", None).lower()
            if not answer or not self.asks:
                return default
            if answer in ("y", "yes", "n", "no"):
                return answer.startswith("y")

    def choose(self, question: str, choices: Mapping[str, str], default: str | None) -> str | None:
        """One of a few words; None when nobody is asked and there is no default."""
        if not self.asks:
            return default
        print(question)
        for word, text in choices.items():
            print(f"  {word}: {text}")
        while True:
            answer = self.text(">", default).lower()
            if answer in choices:
                return answer
            print(f"One of these words: {', '.join(choices)}")

    def number(self, question: str, default: int, least: int, most: int) -> int:
        """A whole number between two."""
        while True:
            answer = self.text(question, str(default))
            if answer.isdecimal() and len(answer) < 9 and least <= int(answer) <= most:
                return int(answer)
            print(f"A whole number from {least} to {most}")
