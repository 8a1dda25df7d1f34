"""Figures for eyes: per cents are cut, so that nearly all is never all."""

import pytest

from hexmeter.cli.render import percent


@pytest.mark.parametrize(
    ("used", "limit", "shown"),
    [
        (31.996, 40.0, "79 %"),
        (32.0, 40.0, "80 %"),
        (39.999999, 40.0, "99 %"),
        (40.0, 40.0, "100 %"),
        (0.57, 0.57, "100 %"),
        (29.0, 100.0, "29 %"),
        (4.35, 5.0, "87 %"),
        (0.0, 40.0, "0 %"),
        (44.0, 40.0, "110 %"),
    ],
)
def test_a_per_cent_is_reached_before_it_is_shown(used: float, limit: float, shown: str) -> None:
    assert percent(used, limit) == shown
