"""The token: from HEX_TOKEN, or from a file that its owner alone can read."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

_LONGEST = 4096


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


def read_token(token_file: Path | None, environ: Mapping[str, str]) -> Token:
    """The token in force now; read anew before each poll, so a rotated one needs no restart. Raises TokenError."""
    if given := environ.get("HEX_TOKEN", "").strip():
        return _checked(given, "HEX_TOKEN")
    if token_file is None:
        raise TokenError("there is no token", "set HEX_TOKEN, or [hex] token_file in the configuration")
    return _checked(_read_private(token_file).strip(), str(token_file))


def _read_private(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LONGEST + 1)
    except OSError as error:
        raise TokenError(f"cannot read the token file {path}: {error.strerror}", "check [hex] token_file") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise TokenError(f"others may read the token file {path}", f"make it yours alone: chmod 600 {path}")
    return content.decode("utf-8", "replace")


def _checked(token: str, source: str) -> Token:
    # It becomes a header: a space or a line break in it would be another header, or a mistake in copying.
    if not 0 < len(token) <= _LONGEST or not token.isascii() or not token.isprintable() or " " in token:
        raise TokenError(f"what {source} holds is not a token", "a token is one word such as hxtp_… or hxtw_…")
    return Token(token)
