"""What a reader asked of the page, by its query: how the roster is sorted and filtered, and what is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from hexmeter.core.strings import clean

SORTS = ("near", "name", "used", "left", "forecast")
"""What the roster can be sorted by: who is nearest to the limit first, by name, or the most of a figure first."""

DAYS_BY = ("model", "source", "user")
"""What each day's use can be divided by."""

_FIND_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class View:
    """`names`: people are shown by name; `find`: only those whose name holds it; `all`: no list is cut."""

    sort: str = SORTS[0]
    by: str = DAYS_BY[0]
    names: bool = True
    find: str = ""
    all: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "View":
        """The view that a query asks for; what it does not say, or says wrongly, is as it is without."""
        plain = cls()
        return cls(
            sort=query["sort"] if query.get("sort") in SORTS else plain.sort,
            by=query["by"] if query.get("by") in DAYS_BY else plain.by,
            names=query.get("names") != "hidden",
            find=clean(query.get("find", ""), _FIND_CHARACTERS).strip(),
            all=query.get("all") == "1",
        )

    def link(self, section: str, **changes: Any) -> str:
        """The address of the page at `section` as this view shows it, with `changes`."""
        fields = replace(self, **changes).fields()
        return f"?{urlencode(fields)}#{section}" if fields else f"/#{section}"

    def fields(self) -> dict[str, str]:
        """The query that asks for this view; what is as usual is left out."""
        plain = View()
        asked = {"sort": self.sort, "by": self.by, "find": self.find}
        fields = {name: value for name, value in asked.items() if value != getattr(plain, name)}
        if not self.names:
            fields["names"] = "hidden"
        if self.all:
            fields["all"] = "1"
        return fields
