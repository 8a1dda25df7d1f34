"""A configuration from its text, and the lines of its error."""

from pathlib import Path

import pytest

from hexmeter.config.load import ConfigError, parse
from hexmeter.config.model import Config

FILE = Path("/etc/acme/config.toml")
DATABASE = Path("/var/lib/acme/hexmeter.db")


def read(content: str, path: Path = FILE) -> Config:
    return parse(content, path, DATABASE)


def faults(content: str) -> list[str]:
    """The lines of the error, without the file's name."""
    with pytest.raises(ConfigError) as error:
        read(content)
    return [line.removeprefix(str(FILE)) for line in str(error.value).split("\n")]
