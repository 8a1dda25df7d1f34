"""Asking the daemon: the client for the configuration in force."""

from hexmeter.wire.address import config_path, socket_path
from hexmeter.wire.client import Client, ClientError

LONG_S = 3600.0
"""How long a command waits that makes the daemon poll: the budget may hold it back."""


def client(config: str | None) -> Client:
    """The client of the daemon that runs with this configuration."""
    return _Client(socket_path(config), config)


class _Client(Client):
    """A client whose hint starts the very daemon that was asked for."""

    def __init__(self, path: str, config: str | None) -> None:
        super().__init__(path)
        self._config = config
        option = "" if config is None else f"--config {config_path(config)} "
        self.absent_hint = f"start it with: hexmeter {option}daemon"

    def absent(self, error: OSError) -> ClientError:
        """Nobody answers: because the configuration is wrong, when it is (raises Explained), for no daemon can run."""
        from hexmeter.cli.configuration import read_config

        read_config(self._config)
        return super().absent(error)
