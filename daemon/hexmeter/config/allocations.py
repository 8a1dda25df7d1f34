"""The table of allocations: emails and groups, each with its monthly cap on pool credits."""

from collections.abc import Mapping
from typing import Any

from hexmeter.config.checks import credit_amount
from hexmeter.config.faults import NotAllowed, checked_entries
from hexmeter.core.allocations import GROUP_PREFIX, Allocation
from hexmeter.core.strings import clean

_LONGEST = 200
_ENTRY = '"EMAIL" = credits, or "group:NAME" = a table'
_GROUP = 'a table of limit and either members or id, such as {limit = 200, members = ["ed@acme.test"]}'


def allocations(table: Mapping[str, Any]) -> tuple[Allocation, ...]:
    """A check for `[allocations]`. Raises NotAllowedIn with all wrong entries."""
    return tuple(checked_entries(table, _entry).values())


def _entry(name: str, value: Any) -> tuple[str, Allocation]:
    if name.lower().startswith(GROUP_PREFIX):
        return GROUP_PREFIX + name[len(GROUP_PREFIX) :], _group(name, value)
    if not _is_email(name):
        raise NotAllowed(_ENTRY)
    email = name.lower()
    return email, Allocation(email, credit_amount(value), (email,))


def _group(name: str, value: Any) -> Allocation:
    title = name[len(GROUP_PREFIX) :]
    if not title.strip() or clean(title, _LONGEST) != title:
        raise NotAllowed(_ENTRY)
    if not isinstance(value, dict) or set(value) not in ({"limit", "members"}, {"limit", "id"}):
        raise NotAllowed(_GROUP)
    limit_micro, members, group_id = credit_amount(value["limit"]), value.get("members"), value.get("id")
    if group_id is not None:
        if not isinstance(group_id, str) or not group_id or clean(group_id, _LONGEST) != group_id:
            raise NotAllowed("a table whose id is the id of a group in Hex")
        return Allocation(GROUP_PREFIX + title, limit_micro, group_id=group_id)
    if not isinstance(members, list) or not members or not all(_is_email(email) for email in members):
        raise NotAllowed("a table whose members are a list of emails")
    return Allocation(GROUP_PREFIX + title, limit_micro, tuple(dict.fromkeys(email.lower() for email in members)))


def _is_email(value: Any) -> bool:
    return isinstance(value, str) and "@" in value and clean(value, _LONGEST) == value and " " not in value
