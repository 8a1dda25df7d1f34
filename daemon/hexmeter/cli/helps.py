"""The end of a command's help: what else there is to know, and lines to copy."""

from __future__ import annotations

TYPE_CHECKING = False  # what a status bar or a running daemon does not need is not imported
if TYPE_CHECKING:
    import argparse

_WIDTH = 79


def end_with(parser: argparse.ArgumentParser, note: str, *examples: str) -> None:
    """End the help of `parser` with `note` (lines that are broken already stay so) and whole command lines."""
    import argparse
    import textwrap

    said = note if "\n" in note else textwrap.fill(note, _WIDTH)
    lines = [f"example{'s' if len(examples) > 1 else ''}:", *(f"  {example}" for example in examples)]
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join([said, "", *lines] if said else lines)
