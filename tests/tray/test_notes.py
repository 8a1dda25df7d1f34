"""Why a figure is not known, as tables: the notes of the status in the menu and in the tooltip."""

from typing import Any

import pytest

from hexmeter_tray.lines import LINE_CHARACTERS
from hexmeter_tray.model import Facts, View
from hexmeter_tray.view import view

from .fake_daemon import meter, status
from .test_view import BERLIN, NOTHING, NOW_MS, POOL

EDITOR = (
    "Hex lists threads only for Managers, Admins and workspace tokens, so this token sees just the threads named with"
    " `hexmeter track URL`; `hexmeter calibrate` sets the grant to what Hex's own page shows."
)
EDITOR_LINES = (
    "Hex lists threads only for Managers, Admins and workspace tokens, so",
    "this token sees just the threads named with `hexmeter track URL`;",
    "`hexmeter calibrate` sets the grant to what Hex's own page shows.",
)


def seen(config: str | None = None, **changes: Any) -> View:
    return view(Facts(status(**changes), config=config), NOW_MS, BERLIN)


def listed(shown: View) -> list[tuple[str, list[str]]]:
    """The entries between the figures and the actions, with what is below each."""
    labels = [(item.label, [child.label for child in item.children]) for item in shown.menu]
    return labels[1 : next(at for at, (label, _) in enumerate(labels) if not label)]


def test_an_unknown_meter_is_explained_below_it_and_in_the_tooltip() -> None:
    shown = seen(meters=[meter(**NOTHING)], notes=[EDITOR])
    cut = "Note: Hex lists threads only for Managers, Admins and workspace tokens,…"
    assert listed(shown) == [(cut, list(EDITOR_LINES))]
    assert shown.tooltip == ("Grant unknown", *EDITOR_LINES)
    assert all(line.enabled for item in shown.menu for line in (item, *item.children) if line.id.startswith("note"))


def test_without_notes_there_is_no_entry_for_them() -> None:
    assert listed(seen(meters=[meter(**NOTHING)])) == []


def test_a_short_note_is_one_line() -> None:
    assert listed(seen(notes=["Nobody has this email."])) == [("Note: Nobody has this email.", [])]


def test_where_a_figure_is_known_the_tooltip_has_the_figures_alone() -> None:
    shown = seen(meters=[meter(), {**POOL, **NOTHING}], notes=[EDITOR])
    assert shown.tooltip == ("ed@acme.test: 27.5 of 40 left", "Add-on pool: unknown")


def test_the_note_of_an_unknown_meter_comes_first_and_once_and_a_known_ones_not_at_all() -> None:
    unknown = [meter(id=f"grant:{name}", **NOTHING, note="No tier is set.") for name in "ab"]
    shown = seen(meters=[{**POOL, "note": "Top-ups are assumed."}, *unknown], notes=["The disk is full."])
    (entry,) = [item for item in shown.menu if item.id == "notes"]
    assert entry.label == "Note: No tier is set."
    assert [line.label for line in entry.children] == ["No tier is set.", "", "The disk is full."]


def test_the_note_of_a_meter_that_is_not_listed_is_not_told() -> None:
    meters = [meter(id=f"grant:{number}") for number in range(5)]
    shown = seen(meters=[*meters, meter(id="grant:guest", **NOTHING, note="A guest has no grant.")])
    assert [item.id for item in shown.menu if item.id == "notes"] == []


def test_of_ten_notes_three_are_told_and_where_the_others_are() -> None:
    notes = [f"Note {number}." for number in range(10)]
    shown = seen("/home/ed/b.toml", notes=notes)
    lines = ["Note 0.", "", "Note 1.", "", "Note 2.", "", "and 7 more: hexmeter --config /home/ed/b.toml status"]
    assert listed(shown) == [("Note: Note 0.", lines)]


@pytest.mark.parametrize(
    ("notes", "label"),
    [
        pytest.param(None, None, id="none"),
        pytest.param("text", None, id="no list"),
        pytest.param([3, "", None], None, id="no texts"),
        pytest.param(["a\u202e\n\x1b[31mb"], "Note: a [31mb", id="a stranger's"),
        pytest.param(["x" * 5_000], f"Note: {'x' * (LINE_CHARACTERS - 7)}…", id="endless"),
    ],
)
def test_notes_are_read_without_trust(notes: object, label: str | None) -> None:
    found = listed(seen(notes=notes))
    assert [entry for entry, _ in found] == ([label] if label else [])
    assert all(len(line) <= LINE_CHARACTERS for _, lines in found for line in lines)
    assert all(len(lines) <= 6 for _, lines in found)
