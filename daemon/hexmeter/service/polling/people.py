"""Lists of people: the roster, and the members of groups that allocations name by id."""

import logging
from collections.abc import Iterable

from hexmeter.core.allocations import Allocation
from hexmeter.core.instants import DAY_MS
from hexmeter.core.model import Person
from hexmeter.hex.client import HexClient
from hexmeter.hex.errors import BadAnswer, BadRequest, Forbidden, HexError, NotFound, TokenRefused
from hexmeter.store.groups import Groups

log = logging.getLogger(__name__)

_GROUPS_EVERY_MS = DAY_MS


async def list_people(hexapi: HexClient, group_id: str | None = None) -> tuple[dict[str, Person], bool]:
    """Everybody of the workspace, or of one group, by id; and whether that is all: no item had to be left out.

    Raises HexError.
    """
    people: dict[str, Person] = {}
    whole = True
    cursor: str | None = None
    cursors: set[str] = set()
    while True:
        answer = await hexapi.people(cursor, group_id)
        people.update((person.id, person) for person in answer.value.items)
        for warning in answer.value.warnings:
            log.warning("%s", warning)
            # Who could not be read has not left.
            whole = False
        cursor = answer.value.next_cursor
        if cursor is None:
            return people, whole
        if cursor in cursors:
            raise BadAnswer("Hex's list of users leads round in a circle: its cursor repeats")
        cursors.add(cursor)


async def read_groups(hexapi: HexClient, groups: Groups, allocations: Iterable[Allocation], now_ms: int) -> None:
    """Ask for the members of the groups that were not read for a day, or whom Hex refused to list.

    What fails is tried again when this is called next; only a refused token is an error of the poll.
    """
    for group_id in sorted({allocation.group_id for allocation in allocations if allocation.group_id}):
        known = groups.get(group_id)
        if known is not None and known.problem is None and 0 <= now_ms - known.read_ms < _GROUPS_EVERY_MS:
            continue
        try:
            people, _ = await list_people(hexapi, group_id)
        except TokenRefused:
            raise
        except (NotFound, Forbidden, BadRequest) as error:
            log.warning("the members of the group %s are not known: %s", group_id, error)
            groups.refuse(group_id, f"Hex does not list the members of the group {group_id}: {error}", now_ms)
        except HexError as error:
            log.warning("the members of the group %s could not be read, and are asked for again: %s", group_id, error)
        else:
            groups.save(group_id, people, now_ms)
