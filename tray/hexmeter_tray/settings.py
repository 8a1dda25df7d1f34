"""What the tray takes from the command line and the configuration: its socket and its backends."""

import os
from dataclasses import dataclass

from hexmeter.core.backends import AUTO, NOTIFY_BACKENDS, TRAY_BACKENDS
from hexmeter.core.strings import clean
from hexmeter.wire.address import config_path, default_config_path, setting, socket_path
from hexmeter.wire.client import ClientError
from hexmeter_tray import texts


class SettingsError(ClientError):
    """The configuration says what cannot be."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """`config` is the file given on the command line, wherever the tray was started, None for the one in force; the
    backends are as configured, `auto` where they are not."""

    config: str | None
    socket: str
    tray: str
    notify: str


def read_settings(config: str | None) -> Settings:
    """The settings for this configuration (None: the one in force). Raises SettingsError.

    The tray reads these few by itself, for it starts before the daemon, which checks the whole file.
    """
    path = config_path(config)
    if path != default_config_path() and not os.path.lexists(path):
        raise SettingsError(texts.no_such_file(path), texts.COPY_EXAMPLE)
    try:
        return _settings(config, path)
    except ClientError as error:
        raise SettingsError(error.message, error.hint) from None


def _settings(config: str | None, path: str) -> Settings:
    return Settings(
        config=None if config is None else os.path.abspath(config),  # noqa: PTH100 (links stay)
        socket=socket_path(config),
        tray=_backend(path, "tray", TRAY_BACKENDS),
        notify=_backend(path, "notify", NOTIFY_BACKENDS),
    )


def _backend(path: str, table: str, allowed: tuple[str, ...]) -> str:
    given = setting(path, table, "backend")
    if given is None:
        return AUTO
    if not isinstance(given, str) or given not in allowed:
        shown = f'"{clean(given, 40)}"' if isinstance(given, str) else clean(str(given), 40)
        raise SettingsError(texts.not_allowed(path, table, shown), texts.one_of(allowed))
    return given
