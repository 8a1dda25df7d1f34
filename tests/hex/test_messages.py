"""A page of messages as we keep it: how many are a user's, and where it leads; nothing of what was said."""

from typing import Any

import pytest

from hexmeter.hex.errors import BadAnswer
from hexmeter.hex.parse import MessagesPage, messages_page


def page(*blocks: Any, before: Any = None, after: Any = None) -> dict[str, Any]:
    return {"content": list(blocks), "pagination": {"before": before, "after": after}}


def text(said: Any) -> dict[str, Any]:
    return {"type": "text", "text": said}


def test_only_text_blocks_of_the_user_count() -> None:
    document = page(text("User: a"), text("Agent: User: b"), {"type": "mention", "id": 7}, text("[USER] c"))
    assert messages_page(document) == MessagesPage(2, None, None)


def test_the_cursors_lead_both_ways_and_may_be_missing() -> None:
    assert messages_page(page(before="b", after="a")) == MessagesPage(0, "b", "a")
    assert messages_page({"content": []}) == MessagesPage(0, None, None)
    assert messages_page(page(before="", after="")) == MessagesPage(0, None, None)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(None, id="nothing"),
        pytest.param({"threads": []}, id="another listing"),
        pytest.param({"content": "User: secret"}, id="no list"),
        pytest.param(page("User: secret"), id="a bare text"),
        pytest.param(page(text("User: a"), {"text": "User: secret"}), id="a block without a type"),
        pytest.param(page(text("User: a"), text(["User: secret"])), id="a text that is none"),
        pytest.param(page(text("User: secret"), before=17), id="a cursor that is none"),
        pytest.param(page(text("User: secret"), after="a\nb"), id="a cursor that cannot be sent back"),
    ],
)
def test_a_count_that_would_not_be_whole_is_none_and_its_error_quotes_nothing(document: Any) -> None:
    with pytest.raises(BadAnswer) as caught:
        messages_page(document)
    assert "secret" not in str(caught.value)
