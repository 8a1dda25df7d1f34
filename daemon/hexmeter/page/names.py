"""People's names on the page: as they are, or hidden, each behind the same number."""

import re
from collections.abc import Mapping
from typing import Any

from hexmeter.page.view import View

_EMAIL = re.compile(r"[^\s@:,;()<>]+@[^\s@:,;()<>]*[^\s@:,;()<>.]")
_NOBODY = ("unattributed", "workspace token")


class Names:
    """What to call people; where their names are hidden, by the place of their grant in the order of their ids."""

    def __init__(self, document: Mapping[str, Any], view: View) -> None:
        self._shown = view.names
        grants = sorted((meter for meter in document["meters"] if meter["kind"] == "grant"), key=lambda one: one["id"])
        numbers = {meter["label"]: f"Person {number}" for number, meter in enumerate(grants, 1)}
        self._numbers = {**numbers, **{meter["id"].partition(":")[2]: numbers[meter["label"]] for meter in grants}}

    def of(self, user: str) -> str:
        """A person, by the name that the document has."""
        return user if self._shown or user in _NOBODY else self._numbers.get(user, "Somebody")

    def of_meter(self, meter: Mapping[str, Any]) -> str:
        """A meter's label."""
        label = str(meter["label"])
        return self.of(label) if meter["kind"] == "grant" else self.within(label)

    def within(self, words: object, meter_id: object = None) -> str:
        """A text in which people may be named: by an email, or as that meter is."""
        if self._shown:
            return str(words)
        named = self._numbers.get(str(meter_id).partition(":")[2])
        label = next((label for label, number in self._numbers.items() if named and number == named), None)
        hidden = str(words).replace(label, str(named)) if label else str(words)
        return _EMAIL.sub(lambda found: self._numbers.get(found[0], "Somebody"), hidden)
