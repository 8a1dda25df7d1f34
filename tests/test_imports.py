"""Imports point one way: what each layer may use, and why."""

import ast
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {"hexmeter": ROOT / "daemon" / "hexmeter", "hexmeter_tray": ROOT / "tray" / "hexmeter_tray"}

BESIDE = frozenset({"hexmeter.core", "hexmeter.config", "hexmeter.store", "hexmeter.wire"})
"""What every folder of the running daemon stands on."""

MAY_IMPORT = {
    "hexmeter.core": (set[str](), "the core is pure: facts in, decisions out, so that it can be tested as tables"),
    "hexmeter.forecast": ({"hexmeter.core"}, "the core's forecast under its public name"),
    "hexmeter.config": ({"hexmeter.core"}, "a configuration is checked without a store, a network or a daemon"),
    "hexmeter.wire": ({"hexmeter.core"}, "both processes speak it, so it may drag neither into the other"),
    "hexmeter.hex": ({"hexmeter.core"}, "Hex's API is one edge; it knows nothing of how we store"),
    "hexmeter.hex.simulator": (
        {"hexmeter.core", "hexmeter.wire", "hexmeter.hex"},
        "a server of its own: never the store",
    ),
    "hexmeter.store": ({"hexmeter.core"}, "the database is the other edge; it knows nothing of Hex's API"),
    "hexmeter.page": (
        {"hexmeter.core"},
        "a page is made from a document of the local API and from nothing else, so that it can be tested as tables",
    ),
    "hexmeter.service": (
        {"hexmeter.core", "hexmeter.config", "hexmeter.wire", "hexmeter.hex", "hexmeter.store", "hexmeter.page"},
        "the running daemon puts the layers together, and nothing below may know of it",
    ),
    "hexmeter.service.meters": (
        {*BESIDE, "hexmeter.service.refused", "hexmeter.service.watch"},
        "figures come from what is stored: they neither ask Hex nor know who reads them",
    ),
    "hexmeter.service.polling": (
        {*BESIDE, "hexmeter.hex", "hexmeter.service.meters", "hexmeter.service.watch"},
        "what follows from a poll is not the poll's affair",
    ),
    "hexmeter.service.alerts": (
        {*BESIDE, "hexmeter.service.meters", "hexmeter.service.polling", "hexmeter.service.refused"},
        "what is told is decided from figures, whoever asks for it or sends it",
    ),
    "hexmeter.service.channels": (
        {*BESIDE, "hexmeter.service.alerts"},
        "a message is sent as it was decided",
    ),
    "hexmeter.service.documents": (
        {*BESIDE, "hexmeter.service.meters", "hexmeter.service.alerts", "hexmeter.service.channels"},
        "an answer is read from what is stored: neither Hex nor the socket is needed for it",
    ),
    "hexmeter.cli": (
        {"hexmeter.core", "hexmeter.wire"},
        "commands ask the daemon, so that no second process touches the database or Hex",
    ),
    "hexmeter.cli.daemon": (
        {"hexmeter.core", "hexmeter.wire", "hexmeter.cli", "hexmeter.config", "hexmeter.service", "hexmeter.store"},
        "the one command that is the daemon",
    ),
    "hexmeter.cli.configuration": (
        {"hexmeter.core", "hexmeter.wire", "hexmeter.cli", "hexmeter.config"},
        "some commands read the configuration themselves",
    ),
    "hexmeter.cli.config": (
        {"hexmeter.core", "hexmeter.wire", "hexmeter.cli", "hexmeter.config"},
        "the command that shows the configuration",
    ),
    "hexmeter.cli.service": (
        {"hexmeter.core", "hexmeter.wire", "hexmeter.cli", "hexmeter.config"},
        "a service that could not start is not installed",
    ),
    "hexmeter.cli.asking": (
        {"hexmeter.core", "hexmeter.wire", "hexmeter.cli", "hexmeter.config", "hexmeter.hex"},
        "setup and doctor ask Hex who the token is, without a daemon",
    ),
    "hexmeter.cli.setup": (
        {"hexmeter.core", "hexmeter.wire", "hexmeter.cli", "hexmeter.config", "hexmeter.hex", "hexmeter.service"},
        "no daemon can run before it is set up",
    ),
    "hexmeter.cli.setupfile": (
        {"hexmeter.core", "hexmeter.wire", "hexmeter.cli", "hexmeter.config"},
        "the files that setup writes",
    ),
    "hexmeter.cli.setupend": (
        {"hexmeter.core", "hexmeter.wire", "hexmeter.cli", "hexmeter.config", "hexmeter.service", "hexmeter.store"},
        "the first poll is setup's own where no daemon runs yet",
    ),
    "hexmeter.cli.checks": (
        {
            *("hexmeter.core", "hexmeter.wire", "hexmeter.cli", "hexmeter.config", "hexmeter.hex", "hexmeter.store"),
            "hexmeter.service.watch",
        },
        "the doctor looks at each part itself, for any of them may be what is broken",
    ),
    "hexmeter.cli.offline": (
        {"hexmeter.core", "hexmeter.wire", "hexmeter.cli", "hexmeter.config", "hexmeter.service", "hexmeter.store"},
        "the one command that reads the database, and only reads it",
    ),
    "hexmeter.cli.simulate": (
        {"hexmeter.core", "hexmeter.wire", "hexmeter.cli", "hexmeter.hex.simulator"},
        "the one command that is a Hex",
    ),
    "hexmeter_tray": ({"hexmeter.core", "hexmeter.wire"}, "the tray is a view: it reaches the daemon by its API alone"),
}
"""For each place the places of Hexmeter it may import besides itself, and the reason. The longest match counts."""

ONLY_PLACE_OF = {
    "httpx": ("hexmeter.hex", "one folder asks Hex"),
    "sqlite3": ("hexmeter.store", "one folder has SQL; the daemon may catch its errors"),
    "sqlite_utils": ("hexmeter.store", "one folder has the schema"),
    "apscheduler": ("hexmeter.service.app", "one module has the schedule"),
    "dbus_fast": ("hexmeter_tray", "only the tray is in the desktop"),
    "PIL": ("hexmeter_tray.icon", "one module draws"),
    "apprise": ("hexmeter.service.channels.apprisechild", "it is large, so it lives in a process of its own"),
    "tomlkit": ("hexmeter.cli.setupfile", "one command changes a configuration; the others only read it"),
    "Xlib": ("hexmeter_tray", "only the tray is in the desktop"),
    "pystray": ("hexmeter_tray", "only the tray is in the desktop"),
    "plyer": ("hexmeter_tray.plyershow", "one process of its own uses it, for it blocks"),
    "argparse": ("hexmeter.cli", "only the command line has options"),
}
ALSO = {
    ("httpx", "hexmeter.service.channels.webhook"),
    ("sqlite3", "hexmeter.service"),
    ("sqlite3", "hexmeter.cli.daemon"),
    ("sqlite3", "hexmeter.cli.setupend"),
    ("argparse", "hexmeter_tray.app"),
    ("argparse", "hexmeter_tray.__main__"),
    # What is behind the icon on an X11 panel.
    ("PIL", "hexmeter_tray.xicon"),
}
STANDARD_ONLY = ("hexmeter.core", "hexmeter.wire.client", "hexmeter.page")


RARELY_NEEDED = {
    *(
        "hexmeter.service.documents.audit",
        "hexmeter.core.audit",
        "hexmeter.service.documents.report",
        "hexmeter.service.documents.export",
    ),
    *(
        "hexmeter.service.alerts.explaining",
        "hexmeter.core.textswhy",
        "hexmeter.core.usagelog",
        "hexmeter.hex.simulator",
    ),
    *("hexmeter.page.page", "hexmeter.service.dashboard.facts", "hexmeter.service.dashboard.http"),
    *("argparse", "keyring", "apprise", "tomlkit", "sqlite_utils", "click"),
}
"""What a daemon imports when it is asked for it; an idle one would hold it in memory for ever."""


def modules() -> Iterator[tuple[str, Path]]:
    for package, folder in SOURCES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            yield ".".join((package, *(part for part in parts if part != "__init__"))), path


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively, which hides the layer it reaches into"
            assert node.module is not None
            # `from package import module` reaches the module.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_in(name: str, place: str) -> bool:
    return name == place or name.startswith(place + ".")


def place_of(module: str) -> str | None:
    return max((place for place in MAY_IMPORT if is_in(module, place)), key=len, default=None)


@pytest.mark.parametrize(("module", "path"), [pytest.param(*found, id=found[0]) for found in modules()])
def test_a_module_imports_only_what_its_layer_may(module: str, path: Path) -> None:
    place = place_of(module)
    for name in imports_of(path):
        if not name.startswith(("hexmeter.", "hexmeter_tray.")) or is_in(name, "hexmeter.__version__"):
            continue
        assert place is not None or module.endswith("__main__"), f"{module} belongs to no layer"
        if place is not None and not is_in(name, place):
            allowed, reason = MAY_IMPORT[place]
            assert any(is_in(name, other) for other in allowed), f"{module} imports {name}, but {reason}"


@pytest.mark.parametrize(("module", "path"), [pytest.param(*found, id=found[0]) for found in modules()])
def test_each_library_has_one_place(module: str, path: Path) -> None:
    for name in imports_of(path):
        library = name.partition(".")[0]
        if library in ONLY_PLACE_OF:
            place, reason = ONLY_PLACE_OF[library]
            also = any(library == other and is_in(module, where) for other, where in ALSO)
            assert is_in(module, place) or also, f"{module} imports {library}, but {reason}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports for types alone count too: they are needed to understand a module."""
    known = dict(modules())
    needs = {
        module: {name for name in map(module_in(known), imports_of(path)) if name} for module, path in known.items()
    }
    while ready := {module for module, needed in needs.items() if not needed - {module}}:
        needs = {module: needed - ready for module, needed in needs.items() if module not in ready}
    assert needs == {}


def module_in(known: dict[str, Path]) -> Callable[[str], str | None]:
    """The module that an imported name is, or is of."""
    return lambda name: next((found for found in (name, name.rpartition(".")[0]) if found in known), None)


@pytest.mark.parametrize("place", STANDARD_ONLY)
def test_the_core_and_the_client_need_nothing_but_the_standard_library(place: str) -> None:
    for module, path in modules():
        if is_in(module, place):
            for name in imports_of(path):
                library = name.partition(".")[0]
                assert library in sys.stdlib_module_names or library == "hexmeter", f"{module} imports {library}"


def test_a_daemon_begins_without_what_is_rarely_needed() -> None:
    program = "import sys, hexmeter.cli.main, hexmeter.cli.daemon; print(*sys.modules)"
    environ = {**os.environ, "PYTHONPATH": str(SOURCES["hexmeter"].parent)}
    imported = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert RARELY_NEEDED & set(imported.stdout.split()) == set()


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    too_long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("daemon", "tray", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert too_long == {}
