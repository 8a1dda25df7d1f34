"""The prompts that are left, as a line of the tray's menu."""

from typing import Any

import pytest

from hexmeter.core.instants import parse_iso
from hexmeter_tray.model import Facts
from hexmeter_tray.view import view

from .fake_daemon import meter, status

NOW_MS = parse_iso("2026-11-22T14:10:00Z")
POOL = meter(id="pool", kind="pool", label="Add-on pool")
LEFT = {"typical": 6, "heavy": 2, "known": 31}


@pytest.mark.parametrize(
    ("document", "line"),
    [
        pytest.param(status(meters=[meter(prompts_left=LEFT)]), "About 6 typical or 2 heavy prompts left", id="own"),
        pytest.param(
            status(
                meters=[meter(id="grant:ida@acme.test", prompts_left=LEFT), meter(prompts_left={**LEFT, "typical": 9})]
            ),
            "ed@acme.test: about 9 typical or 2 heavy prompts left",
            id="own among others'",
        ),
        pytest.param(status(meters=[POOL, meter(id="grant:x", prompts_left=LEFT)]), None, id="somebody else's"),
        pytest.param(status(meters=[meter(prompts_left=LEFT, state="exhausted")]), None, id="used up"),
        pytest.param(status(meters=[meter(prompts_left=LEFT)], stale=True), None, id="old figures"),
        pytest.param(status(meters=[3, meter(prompts_left={"typical": "6"})]), None, id="of another version"),
        pytest.param(status(), None, id="not known"),
    ],
)
def test_the_prompts_that_are_left_are_one_line(document: dict[str, Any], line: str | None) -> None:
    labels = [item.label for item in view(Facts(document), NOW_MS, None).menu]
    assert [label for label in labels if "prompt" in label] == ([line] if line else [])
