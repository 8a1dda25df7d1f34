"""What exists is documented: endpoints in docs/api.md, commands in the README."""

import re
from pathlib import Path

from hexmeter.cli.main import COMMANDS
from hexmeter.service.api import ROUTES

ROOT = Path(__file__).resolve().parent.parent


def test_the_api_page_lists_every_endpoint_and_no_other() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(GET|POST) (/v1/[a-z/]+)", page, re.MULTILINE))
    assert listed == {(route.method, route.path) for route in ROUTES}


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
