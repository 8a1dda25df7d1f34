"""The icon: every state looks its own, at every size, on any panel."""

from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from hexmeter_tray.icon import SIZES_PX, draw, pixmaps
from hexmeter_tray.model import Gauge, IconState

STATES = [
    *(IconState(gauge, 60) for gauge in Gauge if gauge not in (Gauge.EXHAUSTED, Gauge.UNKNOWN, Gauge.ABSENT)),
    *(IconState(gauge) for gauge in (Gauge.EXHAUSTED, Gauge.UNKNOWN, Gauge.ABSENT)),
]
PANELS = {"light": (242, 242, 242), "mid": (128, 128, 128), "dark": (30, 32, 36)}
NOTICEABLE = 48


def on_panel(state: IconState, size: int, panel: str) -> Image.Image:
    """The icon as a panel of that colour shows it."""
    icon = draw(state, size)
    picture = Image.new("RGB", icon.size, PANELS[panel])
    picture.paste(icon, (0, 0), icon)
    return picture


def pixels_that_differ(one: Image.Image, other: Image.Image) -> int:
    """How many pixels differ so much, in brightness alone, that an eye without colours sees it."""
    difference = ImageChops.difference(one.convert("L"), other.convert("L"))
    return sum(difference.histogram()[NOTICEABLE:])


@pytest.mark.parametrize("size", SIZES_PX)
@pytest.mark.parametrize("panel", PANELS)
def test_any_two_states_differ_without_their_colours(size: int, panel: str) -> None:
    for one, other in combinations(STATES, 2):
        differing = pixels_that_differ(on_panel(one, size, panel), on_panel(other, size, panel))
        assert differing >= size * size * 0.04, (one, other)


@pytest.mark.parametrize("size", SIZES_PX)
def test_levels_are_told_apart_and_rise_from_the_bottom(size: int) -> None:
    low, high = (on_panel(IconState(Gauge.OK, level), size, "dark") for level in (25, 75))
    box = ImageChops.difference(low, high).getbbox()
    assert box is not None
    assert box[3] - box[1] >= size // 4
    assert low.getpixel((size // 2, size * 3 // 4)) == high.getpixel((size // 2, size * 3 // 4))


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.gauge.value)
def test_the_outline_stands_out_from_every_panel(state: IconState, panel: str) -> None:
    picture = on_panel(state, 22, panel)
    empty = Image.new("RGB", picture.size, PANELS[panel])
    assert pixels_that_differ(picture, empty) >= 22 * 22 * 0.2


def test_pixmaps_are_argb_in_network_byte_order() -> None:
    for width, height, data in pixmaps(IconState(Gauge.OK, 100)):
        assert len(data) == width * height * 4
        middle = (height // 2 * width + width // 2) * 4
        assert tuple(data[middle : middle + 4]) == (255, 64, 170, 255)
        assert data[:4] == bytes(4)


def test_the_page_of_all_icons_shows_what_is_drawn_today(monkeypatch: pytest.MonkeyPatch) -> None:
    docs = Path(__file__).parents[2] / "docs"
    monkeypatch.syspath_prepend(str(docs))
    import make_icons

    assert (docs / "icons.md").read_text(encoding="utf-8") == make_icons.page(), "run docs/make_icons.py"
    assert {state.gauge for state, _ in make_icons.STATES} == set(Gauge)
    with Image.open(docs / "icons.png") as kept:
        now = make_icons.sheet().convert("RGB")
        assert kept.size == now.size
        # Another version of Pillow may blend an edge a little differently.
        assert pixels_that_differ(kept.convert("RGB"), now) < now.width * now.height * 0.001, "run docs/make_icons.py"


def test_the_same_state_is_drawn_once() -> None:
    assert pixmaps(IconState(Gauge.OK, 40)) is pixmaps(IconState(Gauge.OK, 40))
