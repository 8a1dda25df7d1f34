"""Libraries without their parts that a tray never uses: each would stay in memory for as long as the session lasts."""

import importlib
import sys


def import_asyncio() -> None:
    """Import asyncio without TLS, which it does without where there is none: 1 MiB."""
    hides = "ssl" not in sys.modules
    if hides:
        # None makes the import fail, with which asyncio reckons.
        sys.modules["ssl"] = None  # type: ignore[assignment]
    try:
        importlib.import_module("asyncio")
    finally:
        if hides:
            del sys.modules["ssl"]


def trim_xlib() -> None:
    """Keep the X library from loading every extension that the server has: 1 MiB."""
    import Xlib.ext

    Xlib.ext.__extensions__.clear()
