"""The status without a daemon: read from its database, read-only."""

import time
from contextlib import closing
from pathlib import Path
from typing import Any

from hexmeter.cli.configuration import read_config
from hexmeter.cli.explained import Explained
from hexmeter.service.documents.documents import Documents
from hexmeter.service.meters.figures import Figures
from hexmeter.store.database import StoreError, reading
from hexmeter.store.store import Store
from hexmeter.wire import shapes


def offline_status(config_file: str | None) -> dict[str, Any]:
    """The document that the daemon would answer, from what it stored. Raises Explained."""
    config = read_config(config_file)
    path = Path(config.database)
    try:
        with closing(Store.open_to_read(path)) as store, reading(path):
            documents = Documents(config, store, Figures(config, store))
            return {"schema": shapes.SCHEMA, **documents.status(time.time_ns() // 1_000_000)}
    except StoreError as error:
        raise Explained(str(error), error.hint, error.exit_code) from None
