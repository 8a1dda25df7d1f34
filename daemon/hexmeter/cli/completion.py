"""Print the completion of this command line for a shell."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from hexmeter.cli.helps import end_with

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter completion`."""
    parser.add_argument("shell", choices=SHELLS, help="for which shell")
    end_with(
        parser,
        'Or in each shell anew: eval "$(hexmeter completion bash)" in ~/.bashrc, the same with zsh in'
        " ~/.zshrc, after compinit.",
        "hexmeter completion bash > ~/.local/share/bash-completion/completions/hexmeter",
        "hexmeter completion fish > ~/.config/fish/completions/hexmeter.fish",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter completion`."""
    from hexmeter.cli.main import COMMANDS, parser_of

    texts = {name: list(_words(parser_of(name))) for name in COMMANDS}
    shells = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    print(shells[arguments.shell](dict(COMMANDS), texts), end="")
    return 0


@dataclass(frozen=True, slots=True)
class Word:
    """An option, or one of the words that a command takes, or, without a text, a file.

    `takes`: the words that may follow the option, none where anything may, or None where nothing does; `file`: a file
    does.
    """

    text: str
    help: str
    takes: tuple[str, ...] | None = None
    file: bool = False


def _words(parser: argparse.ArgumentParser) -> Iterator[Word]:
    for action in parser._actions:
        help_text = "" if action.help in (None, argparse.SUPPRESS) else str(action.help)
        choices = tuple(map(str, action.choices or ()))
        file = str(action.metavar).startswith("FILE")
        for option in action.option_strings:
            yield Word(option, help_text, None if action.nargs == 0 else choices, file)
        if not action.option_strings:
            yield from (Word(choice, help_text) for choice in choices)
            if file:
                yield Word("", help_text, file=True)


def _bash(commands: dict[str, str], words: dict[str, list[Word]]) -> str:
    lines = ["_hexmeter() {", "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= each"]
    lines += ['  for each in "${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do', f"    case $each in {'|'.join(commands)})"]
    lines += ["      command=$each; break;;", "    esac", "  done", "  case $command:$before in"]
    lines += ['    *:--config) COMPREPLY=($(compgen -f -- "$word")); return;;']
    for name, known in words.items():
        for one in known:
            if one.takes is not None:
                offer = "-f" if one.file else f'-W "{" ".join(one.takes)}"'
                lines.append(f'    {name}:{one.text}) COMPREPLY=($(compgen {offer} -- "$word")); return;;')
    lines += ["  esac", "  case $command in"]
    for name, known in {
        "": [Word(name, "") for name in (*commands, "--help", "--version", "--config")],
        **words,
    }.items():
        texts = " ".join(one.text for one in known if one.text)
        lines.append(f'    {name or chr(39) * 2}) COMPREPLY=($(compgen -W "{texts}" -- "$word"));;')
    return "\n".join([*lines, "  esac", "}", "complete -o default -F _hexmeter hexmeter", ""])


def _zsh(commands: dict[str, str], words: dict[str, list[Word]]) -> str:
    # zsh runs completions for bash as they are.
    return "autoload -U +X bashcompinit && bashcompinit\n" + _bash(commands, words)


def _fish(commands: dict[str, str], words: dict[str, list[Word]]) -> str:
    lines = ["complete -c hexmeter -l config -r -F -d 'another configuration file'"]
    for name, text in commands.items():
        lines.append(f"complete -c hexmeter -f -n __fish_use_subcommand -a {name} -d {_quoted(text)}")
    for name, known in words.items():
        where = f"complete -c hexmeter -n '__fish_seen_subcommand_from {name}'"
        # What is said of an option says nothing of the words beside it.
        lines.append(f"{where} {'-F' if any(one.file and not one.text for one in known) else '-f'}")
        for one in known:
            if one.text.startswith("--"):
                takes = "" if one.takes is None else f" -r -a {_quoted(' '.join(one.takes))}"
                lines.append(f"{where} {'-F' if one.file else '-f'} -l {one.text[2:]}{takes} -d {_quoted(one.help)}")
            elif one.text and not one.text.startswith("-"):
                lines.append(f"{where} -f -a {one.text} -d {_quoted(one.help)}")
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
