"""What waits for a tray, as the messages that it shows."""

import pytest

from hexmeter.service.alerts.notices import notices
from hexmeter.store.outbox import Alert, Claimed


def claimed(number: int, digest: str | None, kind: str) -> Claimed:
    alert = Alert(number, f"ladder {number}", kind, None, None, "warning", "firing", 0, None, f"title {number}", "body")
    return Claimed(number, digest, alert)


@pytest.mark.parametrize(
    ("waiting", "shown"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([(None, "used")] * 3, [(1,), (2,), (3,)], id="three"),
        pytest.param([(None, "used")] * 4, [(1, 2, 3, 4)], id="four"),
        pytest.param([("first", "used"), ("first", "used"), (None, "used")], [(1, 2), (3,)], id="a digest, one more"),
        pytest.param(
            [("night 1", "used"), ("night 2", "used"), ("night 3", "used"), ("night 4", "used")],
            [(1, 2, 3, 4)],
            id="one after each of four nights",
        ),
        pytest.param([("first", "used")] * 3 + [(None, "left")], [(1, 2, 3, 4)], id="a digest, one more, in all four"),
        pytest.param(
            [("week", "report"), *[(None, "used")] * 3, (None, "test")],
            [(2,), (3,), (4,), (1,), (5,)],
            id="what was asked for, and three",
        ),
        pytest.param([("week", "report"), *[(None, "used")] * 4], [(2, 3, 4, 5), (1,)], id="a report and many"),
    ],
)
def test_more_than_three_that_wait_are_one_message(
    waiting: list[tuple[str | None, str]], shown: list[tuple[int, ...]]
) -> None:
    told = notices([claimed(number, *one) for number, one in enumerate(waiting, start=1)])
    assert [notice.deliveries for notice in told] == shown
    assert [notice.alerts for notice in told] == shown
