"""httpx without the command line of its own, which it offers wherever click is installed: sqlite-utils brings that."""

import sys

_hides = "click" not in sys.modules
if _hides:
    # None makes the import fail, with which httpx reckons; click and what it needs are 1 MiB that no daemon uses.
    sys.modules["click"] = None  # type: ignore[assignment]
try:
    import httpx
finally:
    if _hides:
        del sys.modules["click"]

__all__ = ["httpx"]
