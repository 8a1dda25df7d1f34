"""The menu's tree: what a panel is told when the model changes."""

from dataclasses import replace

import pytest
from dbus_fast import Variant

from hexmeter_tray.dbusmenu import Changes, Numbers, changes, tree
from hexmeter_tray.model import Kind, MenuItem

METER = MenuItem("meter", "ed_b: 3 left")
RULE = MenuItem("rule", kind=Kind.SEPARATOR)
PAUSE = MenuItem("pause", "Pause", toggle=False)
MENU = (METER, RULE, PAUSE)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param(MENU, Changes(False), id="nothing"),
        pytest.param(
            (replace(METER, label="ed: 2 left"), RULE, PAUSE),
            Changes(False, ((1, {"label": Variant("s", "ed: 2 left")}),)),
            id="a label",
        ),
        pytest.param(
            (replace(METER, enabled=False), RULE, replace(PAUSE, toggle=True)),
            Changes(False, ((1, {"enabled": Variant("b", False)}), (3, {"toggle-state": Variant("i", 1)}))),
            id="flags",
        ),
        pytest.param(
            (METER, RULE, replace(PAUSE, toggle=None)),
            Changes(False, (), ((3, ["toggle-type", "toggle-state"]),)),
            id="a property goes",
        ),
        pytest.param((METER, RULE), Changes(structural=True), id="an entry goes"),
        pytest.param((*MENU, MenuItem("new", "New")), Changes(structural=True), id="an entry comes"),
        pytest.param((PAUSE, RULE, METER), Changes(structural=True), id="entries move"),
        pytest.param(
            (METER, RULE, replace(PAUSE, children=(MenuItem("1h", "1 h"),))), Changes(structural=True), id="submenu"
        ),
    ],
)
def test_a_panel_is_told_exactly_what_changed(after: tuple[MenuItem, ...], expected: Changes) -> None:
    numbers = Numbers()
    assert changes(tree(MENU, numbers), tree(after, numbers)) == expected


def test_an_underscore_in_a_label_is_no_access_key() -> None:
    assert tree(MENU, Numbers())[1].properties["label"] == Variant("s", "ed__b: 3 left")


def test_an_entry_that_comes_back_has_its_old_number() -> None:
    numbers = Numbers()
    tree(MENU, numbers)
    tree((METER,), numbers)
    assert set(tree((PAUSE,), numbers)) == {0, 3}
