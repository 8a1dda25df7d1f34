"""The icon: a hexagonal tank filled to what is left, in the bytes a StatusNotifierItem wants.

The state is told by shape as well as colour: a mark over or beside the tank, a broken or struck-out outline.
A light rim inside a dark one keeps it readable on any panel. Pillow is imported at the first drawing.
"""

from functools import lru_cache
from math import cos, pi, sin
from typing import TYPE_CHECKING

from hexmeter_tray.model import Gauge, IconState

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

SIZES_PX = (22, 24, 32, 44, 48, 64, 96)
"""What panels ask for: 22, 24, 32 and 48, and their doubles for screens with twice the pixels."""

Pixmap = tuple[int, int, bytes]

_OVERSAMPLING = 6
_DARK = (22, 24, 29, 255)
_LIGHT = (250, 250, 250, 255)
_HOLLOW = (58, 63, 73, 255)
# Where little is left the fill is a sliver, so the rim has its colour too, and the hollow a shade of it.
_TINTED_HOLLOW = {
    Gauge.WARNING: (92, 62, 16, 255),
    Gauge.CRITICAL: (122, 32, 30, 255),
    Gauge.EXHAUSTED: (122, 32, 30, 255),
}
_GREY = (150, 156, 166, 255)
# Blue to orange to red-violet stay apart for the colour-blind; the marks tell them apart without colour.
_FILL = {
    Gauge.OK: (64, 170, 255, 255),
    Gauge.WARNING: (255, 176, 32, 255),
    Gauge.CRITICAL: (255, 82, 70, 255),
    Gauge.EXHAUSTED: (255, 82, 70, 255),
    Gauge.STALE: _GREY,
    Gauge.PAUSED: _GREY,
}
_BROKEN_OUTLINE = (Gauge.STALE, Gauge.UNKNOWN, Gauge.ABSENT)


@lru_cache(maxsize=4)
def pixmaps(state: IconState) -> tuple[Pixmap, ...]:
    """The icon in every size, as (width, height, ARGB32 in network byte order)."""
    return tuple((size, size, _argb(draw(state, size))) for size in SIZES_PX)


def draw(state: IconState, size_px: int) -> "Image":
    """The icon as a transparent RGBA picture of `size_px` by `size_px`."""
    from PIL import Image, ImageDraw

    side = size_px * _OVERSAMPLING
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = _Pen(ImageDraw.Draw(picture), side)
    pen.tank(_FILL[state.gauge] if state.gauge in _TINTED_HOLLOW else _LIGHT, _TINTED_HOLLOW.get(state.gauge, _HOLLOW))
    if state.gauge in _FILL and state.level:
        picture.alpha_composite(_filled(side, state.level, _FILL[state.gauge]))
    if state.gauge in _BROKEN_OUTLINE:
        pen.break_outline()
    _MARKS.get(state.gauge, _no_mark)(pen)
    return picture.resize((size_px, size_px), Image.Resampling.BOX)


class _Pen:
    """Draws in units of the whole icon: 0 to 1 from the upper left."""

    def __init__(self, canvas: "ImageDraw", side: int) -> None:
        self._canvas = canvas
        self._side = side

    def tank(self, rim: tuple[int, ...], hollow: tuple[int, ...]) -> None:
        for radius, colour in ((0.5, _DARK), (0.455, rim), (0.375, hollow)):
            self._canvas.polygon(_hexagon(self._side, radius), fill=colour)

    def break_outline(self) -> None:
        """Cut the light rim in the middle of every side: a dashed outline is nobody's certain figure."""
        for corner in range(6):
            angle = pi / 6 + corner * pi / 3
            x, y = 0.5 + 0.41 * cos(angle), 0.5 + 0.41 * sin(angle)
            along_x, along_y = -sin(angle) * 0.075, cos(angle) * 0.075
            self.line((x - along_x, y - along_y), (x + along_x, y + along_y), 0.13, _DARK)

    def line(self, start: tuple[float, float], end: tuple[float, float], width: float, colour: tuple[int, ...]) -> None:
        points = [(round(x * self._side), round(y * self._side)) for x, y in (start, end)]
        self._canvas.line(points, fill=colour, width=round(width * self._side))

    def outlined_lines(self, *lines: tuple[tuple[float, float], tuple[float, float]], width: float) -> None:
        for thickness, colour in ((width + 0.14, _DARK), (width, _LIGHT)):
            for start, end in lines:
                self.line(start, end, thickness, colour)

    def dot(self, x: float, y: float, radius: float, colour: tuple[int, ...]) -> None:
        box = [round(value * self._side) for value in (x - radius, y - radius, x + radius, y + radius)]
        self._canvas.ellipse(box, fill=colour)

    def triangle(self, points: tuple[tuple[float, float], ...], colour: tuple[int, ...]) -> None:
        self._canvas.polygon([(x * self._side, y * self._side) for x, y in points], fill=colour)

    def arc(self, box: tuple[float, float, float, float], start: int, end: int, width: float) -> None:
        for grow, colour in ((0.05, _DARK), (0.0, _LIGHT)):
            left, top, right, bottom = box
            grown = [round(v * self._side) for v in (left - grow, top - grow, right + grow, bottom + grow)]
            self._canvas.arc(grown, start, end, fill=colour, width=round((width + 2 * grow) * self._side))


def _no_mark(pen: _Pen) -> None:
    del pen


def _warning_mark(pen: _Pen) -> None:
    pen.triangle(((0.5, 0.08), (0.86, 0.74), (0.14, 0.74)), _DARK)
    pen.triangle(((0.5, 0.2), (0.76, 0.68), (0.24, 0.68)), _LIGHT)
    pen.line((0.5, 0.34), (0.5, 0.52), 0.1, _DARK)
    pen.line((0.5, 0.57), (0.5, 0.65), 0.1, _DARK)


def _critical_mark(pen: _Pen) -> None:
    for grow, colour in ((0.06, _DARK), (0.0, _LIGHT)):
        pen.line((0.5, 0.16 - grow), (0.5, 0.60 + grow), 0.15 + 2 * grow, colour)
        pen.dot(0.5, 0.78, 0.085 + grow, colour)


def _exhausted_mark(pen: _Pen) -> None:
    pen.outlined_lines(((0.3, 0.3), (0.7, 0.7)), ((0.7, 0.3), (0.3, 0.7)), width=0.13)


def _unknown_mark(pen: _Pen) -> None:
    pen.arc((0.33, 0.2, 0.67, 0.54), 180, 90, 0.11)
    pen.line((0.5, 0.44), (0.5, 0.62), 0.11, _LIGHT)
    pen.dot(0.5, 0.76, 0.07, _LIGHT)


def _stale_mark(pen: _Pen) -> None:
    pen.dot(0.72, 0.72, 0.28, _DARK)
    pen.dot(0.72, 0.72, 0.225, _LIGHT)
    pen.line((0.72, 0.55), (0.72, 0.75), 0.075, _DARK)
    pen.line((0.69, 0.72), (0.87, 0.72), 0.075, _DARK)


def _paused_mark(pen: _Pen) -> None:
    pen.line((0.5, 0.2), (0.5, 0.8), 0.56, _DARK)
    for x in (0.365, 0.635):
        pen.line((x, 0.27), (x, 0.73), 0.15, _LIGHT)


def _absent_mark(pen: _Pen) -> None:
    pen.outlined_lines(((0.1, 0.9), (0.9, 0.1)), width=0.1)


_MARKS = {
    Gauge.WARNING: _warning_mark,
    Gauge.CRITICAL: _critical_mark,
    Gauge.EXHAUSTED: _exhausted_mark,
    Gauge.UNKNOWN: _unknown_mark,
    Gauge.STALE: _stale_mark,
    Gauge.PAUSED: _paused_mark,
    Gauge.ABSENT: _absent_mark,
}


def _hexagon(side: int, radius: float) -> list[tuple[float, float]]:
    """A hexagon standing on its point, like the drawn hex in the middle of the icon."""
    corners = [pi / 2 + corner * pi / 3 for corner in range(6)]
    # Stretched to the icon's width: at 22 px two more columns are worth more than a regular hexagon.
    return [((0.5 + radius * cos(a) * 1.1) * side, (0.5 + radius * sin(a)) * side) for a in corners]


def _filled(side: int, level: int, colour: tuple[int, ...]) -> "Image":
    """The tank's inside in `colour`, from the bottom up to `level` per cent of its height."""
    from PIL import Image, ImageDraw

    layer = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    ImageDraw.Draw(layer).polygon(_hexagon(side, 0.375), fill=colour)
    top = round((0.875 - 0.75 * level / 100) * side)
    layer.paste((0, 0, 0, 0), (0, 0, side, top))
    return layer


def _argb(picture: "Image") -> bytes:
    from PIL import Image

    red, green, blue, alpha = picture.split()
    return Image.merge("RGBA", (alpha, red, green, blue)).tobytes()
