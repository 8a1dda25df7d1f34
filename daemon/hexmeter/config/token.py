"""The token: the places it may come from, in their order, and who may read them."""

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hexmeter.config.privatefile import LONGEST, NotPrivate, read_private
from hexmeter.config.tokencommand import CommandFailed, output_of

CREDENTIAL = "hex-token"
"""The name of systemd's credential: LoadCredential=hex-token:/etc/hexmeter/token."""

KEYRING_SERVICE, _KEYRING_ENTRY = "hexmeter", "token"


class TokenError(Exception):
    """There is no token to use; the message says why, `hint` what to try. Exit code 2."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Token(str):
    """A token of Hex's. Its repr hides it, so that no traceback or log line can show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Token(…)"


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """What `[hex]` says of the token: a command that prints it, a file, or the name of an entry in the keyring.

    `config` is the file that says so: a command in one that others can write to would run for them.
    """

    config: Path
    command: tuple[str, ...] | None = None
    file: Path | None = None
    keyring: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where the token comes from. `name` is for people; `read` raises TokenError. `costly`: reading it starts a program
    or asks the user, so it is not done before each poll."""

    name: str
    read: Callable[[], Token]
    costly: bool = False


def token_source(keys: TokenKeys, environ: Mapping[str, str]) -> Source:
    """The first place that is named: HEX_TOKEN, systemd's credential, token_command, token_file, keyring.

    Raises TokenError when none is.
    """
    if given := environ.get("HEX_TOKEN", "").strip():
        return Source("HEX_TOKEN", lambda: checked_token(given, "HEX_TOKEN"))
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    if folder and (credential := Path(folder, CREDENTIAL)).exists():
        return Source(f"systemd's credential {CREDENTIAL}", lambda: _from_credential(credential))
    if (command := keys.command) is not None:
        return Source("[hex] token_command", lambda: _from_command(command, keys.config), costly=True)
    if (file := keys.file) is not None:
        return Source(f"the file {file}", lambda: checked_token(_read_private(file).strip(), str(file)))
    if (entry := keys.keyring) is not None:
        return Source(f"the keyring's entry {entry!r}", lambda: _from_keyring(entry), costly=True)
    raise TokenError("there is no token", "run hexmeter setup; or set HEX_TOKEN, or [hex] token_file")


def read_token(keys: TokenKeys, environ: Mapping[str, str]) -> Token:
    """The token in force now. Raises TokenError."""
    return token_source(keys, environ).read()


def _from_credential(path: Path) -> Token:
    # Its mode is systemd's business, which gives it to the service alone.
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise TokenError(f"cannot read the credential {path}: {error.strerror}", "check LoadCredential=") from None
    return checked_token(content.decode("utf-8", "replace").strip(), str(path))


def _from_command(command: tuple[str, ...], config: Path) -> Token:
    if other := _writable_by_others(config):
        raise TokenError(
            f"token_command is not run, for others may write to {other}", f"make it yours alone: chmod go-w {other}"
        )
    try:
        folder = config.absolute().parent
        content = output_of(command, folder if folder.is_dir() else Path("/"), LONGEST)
    except CommandFailed as error:
        raise TokenError(f"token_command: {error}", "run the command by hand, then mend [hex] token_command") from None
    return checked_token(content.decode("utf-8", "replace").strip(), "token_command")


def _writable_by_others(config: Path) -> Path | None:
    """The configuration file or its folder, when somebody but this user and root may change it."""
    real = config.resolve()
    for path in (real, real.parent):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue  # The command comes from a person's own words, and is to be written there.
        except OSError:
            return path
        # In a sticky folder such as /tmp others cannot replace a file.
        shared = status.st_mode & 0o022 and not status.st_mode & stat.S_ISVTX
        if status.st_uid not in (os.getuid(), 0) or shared:
            return path
    return None


def _read_private(path: Path) -> str:
    try:
        return read_private(path, "token", "[hex] token_file")
    except NotPrivate as error:
        raise TokenError(str(error), error.hint) from None


def _from_keyring(entry: str) -> Token:
    found = _keyring_call("get_password", entry)
    if found is None:
        raise TokenError(
            f"the keyring has no entry {entry!r} of {KEYRING_SERVICE}", f"keyring set {KEYRING_SERVICE} {entry}"
        )
    return checked_token(found.strip(), "the keyring's entry")


def _keyring_call(name: str, *arguments: str) -> str | None:
    try:
        import keyring
    except ImportError:
        raise TokenError("[hex] keyring needs the keyring package", "pip install 'hexmeter[keyring]'") from None
    try:
        answer: str | None = getattr(keyring, name)(KEYRING_SERVICE, *arguments)
    except Exception as error:  # each backend has errors of its own
        raise TokenError(
            f"the keyring cannot be used: {type(error).__name__}", "is it unlocked? else use [hex] token_file"
        ) from None
    return answer


def store_in_keyring(token: Token) -> None:
    """Put the token where `keyring = true` finds it. Raises TokenError."""
    _keyring_call("set_password", _KEYRING_ENTRY, token)


def checked_token(token: str, source: str) -> Token:
    """`token` if it can be one; `source` is for the message. Raises TokenError."""
    # It becomes a header: a space or a line break in it would be another header, or a mistake in copying.
    if not 0 < len(token) <= LONGEST or not token.isascii() or not token.isprintable() or " " in token:
        raise TokenError(f"what {source} holds is not a token", "a token is one word such as hxtp_… or hxtw_…")
    return Token(token)
