"""Asking the daemon: the client for the configuration in force."""

import os

from hexmeter.wire.address import config_path, default_config_path, socket_path
from hexmeter.wire.client import Client, ClientError


def client(config: str | None, *, explains: bool = True) -> Client:
    """The client of the daemon that runs with this configuration.

    When nobody answers, one that `explains` looks whether any daemon could run with it. That costs ten times what
    asking does: too much for a status bar, which asks every few seconds.
    """
    return _Client(socket_path(config), config, explains=explains)


class _Client(Client):
    """A client whose hint starts the very daemon that was asked for."""

    def __init__(self, path: str, config: str | None, *, explains: bool) -> None:
        super().__init__(path)
        self._config = config
        self._explains = explains
        option = "" if config is None else f"--config {config_path(config)} "
        self.absent_hint = f"start it with: hexmeter {option}daemon"

    def absent(self, error: OSError) -> ClientError:
        """Nobody answers: because the configuration is wrong, when it is (raises Explained), for no daemon can run."""
        path = config_path(self._config)
        # Without a file the defaults hold, in which nothing is wrong.
        if self._explains and (path != default_config_path() or os.path.lexists(path)):
            from hexmeter.cli.configuration import read_config

            read_config(self._config)
        return super().absent(error)
