"""The keys of [alerts]: what each takes, and what it says of anything else."""

from decimal import Decimal
from pathlib import Path

import pytest

from hexmeter.config.load import ConfigError, parse
from hexmeter.config.model import Config

QUIET = 'two times of day such as "22:00-07:30"; the second one may be on the next day'


def read(content: str) -> Config:
    return parse(content, Path("/home/ed/config.toml"), Path("/home/ed/hexmeter.db"))


@pytest.mark.parametrize(
    ("line", "shown", "must_be"),
    [
        ("alerts.forecast = 1", "1", "true or false"),
        ("alerts.prompt_cost = 0", "0", "a number of credits above 0"),
        ("alerts.unused = 101", "101", "true (50), false, or a per cent above 0 and up to 100"),
        ("alerts.top_up = 0", "0", "true (2), false, or a whole number from 1 to 100"),
        ("alerts.runs = 80", "80", "true ([80, 100]), false, or a list of per cents"),
        ('alerts.quiet_hours = "22-7"', '"22-7"', QUIET),
        ('alerts.quiet_hours = "22:00-22:00"', '"22:00-22:00"', QUIET),
        ('alerts.quiet_hours = "22:00-24:00"', '"22:00-24:00"', QUIET),
        ("alerts.quiet_hours = 22", "22", QUIET),
    ],
)
def test_a_wrong_value_is_shown_with_what_would_be_right(line: str, shown: str, must_be: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(line)
    assert str(error.value).endswith(f": {line.partition(' ')[0]} = {shown}: must be {must_be}")


def test_true_is_short_for_the_usual_figure_and_false_for_none() -> None:
    on = read("[alerts]\nunused = true\ntop_up = true\nruns = true\n").rules
    off = read("[alerts]\nunused = false\ntop_up = false\nruns = false\n").rules
    assert (on.unused, on.top_ups, on.runs) == (Decimal(50), 2, (Decimal(80), Decimal(100)))
    assert (off.unused, off.top_ups, off.runs) == (None, None, ())


def test_quiet_hours_are_shown_as_written() -> None:
    assert str(read('[alerts]\nquiet_hours = "22:00-07:30"\n').quiet) == "22:00-07:30"
