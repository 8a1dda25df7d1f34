"""Where things are: the configuration file, and the socket the daemon of that configuration listens on.

The command line and the tray compute the same path as the daemon, without asking anybody.
"""

from __future__ import annotations

import os
import sys

from hexmeter.wire.client import ClientError

TYPE_CHECKING = False  # typing's own costs a status bar its import
if TYPE_CHECKING:
    from platformdirs.api import PlatformDirsABC


class Unreadable(ClientError):
    """The configuration cannot be read, so that nobody can tell where its daemon would be."""

    exit_code = 2


def config_path(given: str | None) -> str:
    """The configuration in force: `--config`, else HEXMETER_CONFIG, else the user's own place for it."""
    return given or os.environ.get("HEXMETER_CONFIG") or default_config_path()


def default_config_path() -> str:
    """`hexmeter/config.toml` in the user's configuration folder (XDG on Linux)."""
    if sys.platform == "linux":
        return os.path.join(_xdg_home("XDG_CONFIG_HOME", "~/.config"), "hexmeter", "config.toml")
    else:  # noqa: RET505 (mypy knows platforms by this form)
        return os.path.join(_platform_dirs().user_config_dir, "config.toml")


def default_database_path() -> str:
    """`hexmeter/hexmeter.db` in the user's data folder (XDG on Linux)."""
    if sys.platform == "linux":
        return os.path.join(_xdg_home("XDG_DATA_HOME", "~/.local/share"), "hexmeter", "hexmeter.db")
    else:  # noqa: RET505
        return os.path.join(_platform_dirs().user_data_dir, "hexmeter.db")


def _xdg_home(variable: str, default: str) -> str:
    """As platformdirs has it, and a test holds both together: its import costs a status bar 10 ms."""
    return os.environ.get(variable, "").strip() or os.path.expanduser(default)


def socket_path(config: str | None = None) -> str:
    """The socket of the daemon that runs with configuration `config` (None: the one in force).

    `[api] socket` overrides; the default configuration has `api.sock`, any other a name made from its real path.
    Raises Unreadable, and ClientError when a folder in the temporary directory is not private.
    """
    path = config_path(config)
    overridden = setting(path, "api", "socket")
    if overridden is not None and not isinstance(overridden, str):
        raise Unreadable(f"{path}: api.socket must be text", "write the socket's path in quotes")
    if overridden:
        return os.path.join(os.path.dirname(os.path.abspath(path)), os.path.expanduser(overridden))
    folder = runtime_folder()
    if "XDG_RUNTIME_DIR" not in os.environ and os.path.lexists(folder):
        # Somebody else could sit there and answer for the daemon.
        check_folder(folder)
    return os.path.join(folder, f"{marked('api', path)}.sock")


def setting(path: str, table: str, name: str) -> object:
    """One value of the configuration at `path`, unchecked; None where it is not set.

    The file is parsed only if the word occurs: a status bar should not pay for a TOML parser. Raises Unreadable.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreadable(f"cannot read {path}: {error.strerror}", "check its permissions") from None
    if name.encode() not in content:
        return None
    import tomllib

    try:
        value: object = tomllib.loads(content.decode("utf-8")).get(table, {}).get(name)
    except (ValueError, AttributeError, RecursionError) as error:
        raise Unreadable(f"{path} is not valid TOML: {error}", "mend it, then try again") from None
    return value


def runtime_folder() -> str:
    """The folder of the sockets: in XDG_RUNTIME_DIR, else a folder of the user's own in the temporary directory."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.path.isabs(runtime):
        return os.path.join(runtime, "hexmeter")
    import tempfile

    return os.path.join(tempfile.gettempdir(), f"hexmeter-{os.getuid()}")


def check_folder(folder: str) -> None:
    """Raise ClientError unless `folder` is a directory of this user's that nobody else can enter.

    Somebody else could have made it first in a shared temporary directory, to read what we say.
    """
    status = os.lstat(folder)
    if not os.path.isdir(folder) or os.path.islink(folder) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise ClientError(
            f"{folder} is not a private folder of yours (it must be a directory, owned by you, with mode 0700)",
            "remove it, or name another place with [api] socket",
        )


def config_mark(path: str) -> str:
    """What tells files of this configuration from those of others: eight hex digits; nothing for the default one."""
    real = os.path.realpath(path)
    if real == os.path.realpath(default_config_path()):
        return ""
    import hashlib

    return hashlib.sha256(os.fsencode(real)).hexdigest()[:8]


def marked(name: str, path: str) -> str:
    """`name` for the default configuration, `name-MARK` for the one at `path`."""
    mark = config_mark(path)
    return f"{name}-{mark}" if mark else name


def _platform_dirs() -> PlatformDirsABC:
    from platformdirs import PlatformDirs

    return PlatformDirs("hexmeter", appauthor=False)
