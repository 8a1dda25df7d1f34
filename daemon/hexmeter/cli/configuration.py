"""The configuration in force, for the commands that read it themselves."""

from pathlib import Path

from hexmeter.cli.explained import Explained
from hexmeter.config.load import ConfigError, load
from hexmeter.config.model import Config
from hexmeter.wire.address import config_path, default_config_path, default_database_path

_EXIT_CONFIGURATION = 2


def load_config(given: str | None) -> Config:
    """The configuration that `--config` names, or the one in force. Raises ConfigError."""
    path = config_path(given)
    return load(Path(path), must_exist=path != default_config_path(), default_database=Path(default_database_path()))


def read_config(given: str | None) -> Config:
    """The same for a command. Raises Explained with all the errors."""
    try:
        return load_config(given)
    except ConfigError as error:
        raise Explained(str(error), "", _EXIT_CONFIGURATION) from None
