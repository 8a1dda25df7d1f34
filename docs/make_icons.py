"""Draw the page of the tray's icons: every state at every size, on a light and a dark panel.

Run from the checkout, with the test environment: .venv/bin/python docs/make_icons.py
"""

from pathlib import Path

from PIL import Image

from hexmeter_tray.icon import SIZES_PX, draw
from hexmeter_tray.model import Gauge, IconState

DOCS = Path(__file__).resolve().parent
STATES = (
    (IconState(Gauge.OK, 100), "All is left."),
    (IconState(Gauge.OK, 60), "60 % left: the tank of the meter nearest to its limit, in steps of 5 %."),
    (IconState(Gauge.WARNING, 20), "80 % used or more."),
    (IconState(Gauge.CRITICAL, 5), "95 % used or more, or it will not last until the reset."),
    (IconState(Gauge.EXHAUSTED), "Nothing is left."),
    (IconState(Gauge.STALE, 60), "Old figures: Hex has not been read for three intervals."),
    (IconState(Gauge.PAUSED, 60), "Polling is paused by hand."),
    (IconState(Gauge.UNKNOWN), "No figure is known yet."),
    (IconState(Gauge.ABSENT), "The daemon is not running."),
)
PANELS = {"light": (242, 242, 242), "dark": (38, 41, 46)}
MARGIN = 8
PAGE = """\
# The icon

Drawn by `docs/make_icons.py`, which also wrote this page: one row for each state below, in its order, on a light and
on a dark panel, at {sizes} px. Every state has a shape of its own, so none needs its colour
to be told apart.

![Every state of the icon at every size, on a light and a dark panel](icons.png)

| row | means |
| --- | --- |
{rows}
"""


def sheet() -> Image.Image:
    """Every state in a row, every size in a column, first on the light panel and then on the dark one."""
    row = max(SIZES_PX) + MARGIN
    half = sum(SIZES_PX) + MARGIN * (len(SIZES_PX) + 1)
    picture = Image.new("RGB", (half * len(PANELS), row * len(STATES) + MARGIN))
    for number, colour in enumerate(PANELS.values()):
        picture.paste(colour, (number * half, 0, (number + 1) * half, picture.height))
        for line, (state, _) in enumerate(STATES):
            x = number * half + MARGIN
            for size in SIZES_PX:
                icon = draw(state, size)
                picture.paste(icon, (x, line * row + MARGIN + (max(SIZES_PX) - size) // 2), icon)
                x += size + MARGIN
    # A palette keeps the file small, and nobody sees the difference.
    return picture.quantize(64, dither=Image.Dither.NONE)


def page() -> str:
    """The page in Markdown."""
    names = [f"{state.gauge.value}, {state.level} % left" if state.level else state.gauge.value for state, _ in STATES]
    rows = [f"| {name} | {meaning} |" for name, (_, meaning) in zip(names, STATES, strict=True)]
    return PAGE.format(sizes=", ".join(str(size) for size in SIZES_PX), rows="\n".join(rows))


if __name__ == "__main__":
    (DOCS / "icons.md").write_text(page(), encoding="utf-8")
    sheet().save(DOCS / "icons.png", optimize=True)
