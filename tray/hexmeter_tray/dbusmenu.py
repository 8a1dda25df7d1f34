"""com.canonical.dbusmenu: a menu model offered to the desktop's panel, and updated in place.

The annotations carry D-Bus signatures, so this module must not postpone their evaluation.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from dbus_fast import DBusError, PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr, DBusUInt32, DBusVariant
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from hexmeter_tray.model import Kind, MenuItem

PATH = "/MenuBar"
_ROOT = 0
_INVALID = "org.freedesktop.DBus.Error.InvalidArgs"

Properties = dict[str, Variant]
Layout = tuple[int, Properties, list[Variant]]
Ids = Annotated[list[int], DBusSignature("ai")]
Names = Annotated[list[str], DBusSignature("as")]


@dataclass(frozen=True, slots=True)
class Node:
    """One entry as D-Bus sees it."""

    properties: Properties
    children: tuple[int, ...]
    item: MenuItem | None


@dataclass(frozen=True, slots=True)
class Changes:
    """From one tree to the next: `structural`, or the properties to set and those to take away, by entry."""

    structural: bool
    updated: tuple[tuple[int, Properties], ...] = ()
    removed: tuple[tuple[int, list[str]], ...] = ()


class Numbers:
    """Gives every menu item's id a number, the same as long as the tray runs."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, item_id: str) -> int:
        """The number of `item_id`, from 1 on; 0 is the root's."""
        return self._numbers.setdefault(item_id, len(self._numbers) + 1)


def tree(items: tuple[MenuItem, ...], numbers: Numbers) -> dict[int, Node]:
    """The entries by number, the root's included."""
    root = Node({"children-display": Variant("s", "submenu")}, tuple(numbers.of(item.id) for item in items), None)
    return {_ROOT: root, **dict(_nodes(items, numbers))}


def changes(old: dict[int, Node], new: dict[int, Node]) -> Changes:
    """What a panel that shows `old` must be told to show `new`."""
    if old.keys() != new.keys() or any(old[number].children != new[number].children for number in new):
        return Changes(structural=True)
    updated, removed = [], []
    for number, node in new.items():
        before = old[number].properties
        changed = {name: value for name, value in node.properties.items() if before.get(name) != value}
        gone = [name for name in before if name not in node.properties]
        if changed:
            updated.append((number, changed))
        if gone:
            removed.append((number, gone))
    return Changes(False, tuple(updated), tuple(removed))


def _nodes(items: tuple[MenuItem, ...], numbers: Numbers) -> Iterator[tuple[int, Node]]:
    for item in items:
        children = tuple(numbers.of(child.id) for child in item.children)
        yield numbers.of(item.id), Node(_properties(item), children, item)
        yield from _nodes(item.children, numbers)


def _properties(item: MenuItem) -> Properties:
    if item.kind is Kind.SEPARATOR:
        return {"type": Variant("s", "separator")}
    # An underscore would underline the letter after it, as the access key.
    label = item.label.replace("_", "__")
    properties = {"label": Variant("s", label), "enabled": Variant("b", item.enabled)}
    if item.said:
        properties["accessible-desc"] = Variant("s", item.said)
    if item.toggle is not None:
        properties["toggle-type"] = Variant("s", "checkmark")
        properties["toggle-state"] = Variant("i", int(item.toggle))
    if item.children:
        properties["children-display"] = Variant("s", "submenu")
    return properties


class DbusMenu(ServiceInterface):
    """The menu on the bus. `on_click` gets the item; `on_open` runs before a panel shows the menu."""

    def __init__(
        self, items: tuple[MenuItem, ...], on_click: Callable[[MenuItem], None], on_open: Callable[[], None]
    ) -> None:
        super().__init__("com.canonical.dbusmenu")
        self._on_click = on_click
        self._on_open = on_open
        self._numbers = Numbers()
        self._tree = tree(items, self._numbers)
        self._revision = 1

    def show(self, items: tuple[MenuItem, ...]) -> None:
        """Show these items from now on; the panel is told only what changed."""
        new = tree(items, self._numbers)
        difference = changes(self._tree, new)
        self._tree = new
        if difference.structural:
            self._revision += 1
            self.layout_updated(self._revision, _ROOT)
        elif difference.updated or difference.removed:
            self.items_properties_updated(difference)

    @dbus_property(PropertyAccess.READ, name="Version")
    def version(self) -> DBusUInt32:
        """The protocol's version that all panels know."""
        return 3

    @dbus_property(PropertyAccess.READ, name="TextDirection")
    def text_direction(self) -> DBusStr:
        """The menu is in English."""
        return "ltr"

    @dbus_property(PropertyAccess.READ, name="Status")
    def status(self) -> DBusStr:
        """The icon asks for attention, never the menu."""
        return "normal"

    @dbus_property(PropertyAccess.READ, name="IconThemePath")
    def icon_theme_path(self) -> Names:
        """The entries have no icons."""
        return []

    @dbus_method(name="GetLayout")
    def get_layout(
        self, parent: DBusInt32, depth: DBusInt32, names: Names
    ) -> Annotated[tuple[int, Layout], DBusSignature("u(ia{sv}av)")]:
        """The entry `parent` and what is below it, `depth` levels deep (-1: all); no `names`: all properties."""
        return self._revision, self._layout(self._known(parent), depth, names)

    @dbus_method(name="GetGroupProperties")
    def get_group_properties(
        self, ids: Ids, names: Names
    ) -> Annotated[list[tuple[int, Properties]], DBusSignature("a(ia{sv})")]:
        """The properties of several entries; unknown ones are left out. No `ids`: of all."""
        wanted = ids or list(self._tree)
        return [(number, self._chosen(number, names)) for number in wanted if number in self._tree]

    @dbus_method(name="GetProperty")
    def get_property(self, number: DBusInt32, name: DBusStr) -> DBusVariant:
        """One property of one entry."""
        properties = self._tree[self._known(number)].properties
        if name not in properties:
            raise DBusError(_INVALID, f"entry {number} has no {name}")
        return properties[name]

    @dbus_method(name="Event")
    def event(self, number: DBusInt32, kind: DBusStr, data: DBusVariant, at: DBusUInt32) -> None:
        """A click is acted on; that the menu opened, closed or is pointed at is nobody's business."""
        del data, at
        self._handle(self._known(number), kind)

    @dbus_method(name="EventGroup")
    def event_group(self, events: Annotated[list[Any], DBusSignature("a(isvu)")]) -> Ids:
        """Several events; the entries that do not exist."""
        unknown = [number for number, *_ in events if number not in self._tree]
        for number, kind, _, _ in events:
            if number in self._tree:
                self._handle(number, kind)
        return unknown

    @dbus_method(name="AboutToShow")
    def about_to_show(self, number: DBusInt32) -> DBusBool:
        """Whether the panel must fetch the entry again before it shows it."""
        self._known(number)
        before = self._revision
        self._on_open()
        return self._revision != before

    @dbus_method(name="AboutToShowGroup")
    def about_to_show_group(self, ids: Ids) -> Annotated[tuple[list[int], list[int]], DBusSignature("aiai")]:
        """Which of the entries must be fetched again, and which do not exist."""
        before = self._revision
        self._on_open()
        known = [number for number in ids if number in self._tree]
        return known if self._revision != before else [], [number for number in ids if number not in self._tree]

    @dbus_signal(name="ItemsPropertiesUpdated")
    def items_properties_updated(self, difference: Changes) -> Annotated[list[Any], DBusSignature("a(ia{sv})a(ias)")]:
        """Labels or flags changed, the entries did not."""
        return [
            [[number, properties] for number, properties in difference.updated],
            [[number, names] for number, names in difference.removed],
        ]

    @dbus_signal(name="LayoutUpdated")
    def layout_updated(self, revision: int, parent: int) -> Annotated[list[int], DBusSignature("ui")]:
        """Entries came, went or moved."""
        return [revision, parent]

    def _known(self, number: int) -> int:
        if number not in self._tree:
            raise DBusError(_INVALID, f"there is no entry {number}")
        return number

    def _chosen(self, number: int, names: list[str]) -> Properties:
        properties = self._tree[number].properties
        return {name: value for name, value in properties.items() if not names or name in names}

    def _layout(self, number: int, depth: int, names: list[str]) -> Layout:
        children = self._tree[number].children if depth else ()
        below = [Variant("(ia{sv}av)", self._layout(child, depth - 1, names)) for child in children]
        return (number, self._chosen(number, names), below)

    def _handle(self, number: int, kind: str) -> None:
        item = self._tree[number].item
        if kind == "clicked" and item is not None and item.enabled:
            self._on_click(item)
