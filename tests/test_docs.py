"""What exists is documented: endpoints in docs/api.md, commands in the README."""

import re
from pathlib import Path

from hexmeter.cli.main import COMMANDS
from hexmeter.service.api.api import ROUTES
from hexmeter_tray import texts

ROOT = Path(__file__).resolve().parent.parent


def test_the_api_page_lists_every_endpoint_and_no_other() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(GET|POST) (/v1/[a-z/]+)", page, re.MULTILINE))
    assert listed == {(route.method, route.path) for route in ROUTES}


def test_the_page_of_the_tray_names_what_its_menu_and_its_buttons_offer() -> None:
    page = (ROOT / "docs" / "tray.md").read_text(encoding="utf-8")
    ways = (
        texts.SNOOZE,
        texts.SNOOZE_TO_RESET,
        texts.ACKNOWLEDGE,
        texts.WRONG,
        texts.MUTE_KIND,
        texts.MUTE_METER,
        texts.PAUSE_HOUR,
        texts.PAUSE_TO_TOMORROW,
    )
    entries = (texts.REFRESH, texts.PAUSE, texts.OPEN_DASHBOARD, texts.OPEN_HEX, texts.START_AT_LOGIN, texts.ABOUT)
    assert [label for label in (*entries, texts.QUIT) if f"| {label} |" not in page] == []
    assert [label for label in ways if label not in page] == []


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in COMMANDS if f"`hexmeter {name}" not in readme]
    assert missing == []


def test_the_readme_shows_only_pictures_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", readme)
    assert pictures
    assert [picture for picture in pictures if not (ROOT / picture).is_file()] == []


def test_the_readme_leads_to_every_page_and_every_link_leads_somewhere() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = sorted((ROOT / "docs").glob("*.md"))
    assert [page.name for page in pages if f"](docs/{page.name})" not in readme] == []
    broken = [
        (page.name, link)
        for page in (ROOT / "README.md", *pages)
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert broken == []


def test_the_page_of_the_architecture_names_places_that_exist() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_]+/[a-z_/]*(?:\.py)?)`", page)
    assert named
    daemon = ROOT / "daemon" / "hexmeter"
    roots = (ROOT, daemon, daemon / "service")
    assert [place for place in named if not any((root / place).exists() for root in roots)] == []
