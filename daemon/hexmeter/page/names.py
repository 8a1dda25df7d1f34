"""People's names on the page: as they are, or hidden, each behind the same number."""

from collections.abc import Mapping
from typing import Any

from hexmeter.page.view import View

_PEOPLE = ("grant", "allocation")


class Names:
    """What to call people; where their names are hidden, by the place of their meter in the order of their ids."""

    def __init__(self, document: Mapping[str, Any], view: View) -> None:
        self._shown = view.names
        people = sorted(meter["id"] for meter in document["meters"] if meter["kind"] == "grant")
        self._numbers = {email.removeprefix("grant:"): number for number, email in enumerate(people, 1)}

    def of(self, user: str) -> str:
        """A person, by email."""
        if self._shown or "@" not in user:
            return user
        number = self._numbers.get(user)
        return "Somebody" if number is None else f"Person {number}"

    def of_meter(self, meter: dict[str, Any]) -> str:
        """A meter's label."""
        label = str(meter["label"])
        if self._shown or meter["kind"] not in _PEOPLE:
            return label
        email = meter["id"].partition(":")[2]
        hidden = self.of(email if "@" in email else f"@{email}")
        return hidden if meter["kind"] == "grant" else f"Allocation {hidden}"
