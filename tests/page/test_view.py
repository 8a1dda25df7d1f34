"""What a page's query asks for."""

import pytest

from hexmeter.page.view import View


@pytest.mark.parametrize(
    ("query", "view"),
    [
        pytest.param({}, View(), id="nothing"),
        pytest.param({"sort": "used", "by": "user"}, View(sort="used", by="user"), id="sorted and divided"),
        pytest.param({"sort": "<b>", "by": "", "names": "x", "all": "yes"}, View(), id="what is unknown is as usual"),
        pytest.param({"names": "hidden", "all": "1"}, View(names=False, all=True), id="hidden, and all"),
        pytest.param({"find": " ed\x00\n"}, View(find="ed"), id="what is looked for is cleaned"),
    ],
)
def test_a_query_is_a_view(query: dict[str, str], view: View) -> None:
    assert View.of(query) == view
    assert View.of(view.fields()) == view


def test_a_link_changes_one_thing_and_keeps_the_rest() -> None:
    assert View(names=False, find="ed").link("roster", sort="left") == "?sort=left&find=ed&names=hidden#roster"
    assert View(sort="left").link("roster", sort="near") == "/#roster"
