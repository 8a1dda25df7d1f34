"""What was said in the simulated threads: for each prompt a message of the user and what the agent answered.

Hex does not publish how a block's role is written, so threads differ in it here; see `_FORMS`.
"""

from collections.abc import Mapping
from hashlib import sha256

from hexmeter.hex.simulator.documents import Document
from hexmeter.hex.simulator.jsontext import Json
from hexmeter.hex.simulator.paging import asked_place, cursor
from hexmeter.hex.simulator.world import World

MOST_PER_PAGE = 50
LISTING = "messages"

# How the roles of a user and of the agent are written before what they say.
_FORMS = (
    ("User: ", "Assistant: "),
    ("**User:** ", "**Agent:** "),
    ("[USER] ", "[AGENT] "),
    ("[user]: ", "[assistant]: "),
    ("user\n", "agent\n"),
    ("**Human**\n", "**Assistant**\n"),
    ("### Human:\n", "### Assistant:\n"),
)
_ASKED = (
    "How many users signed up last week?",
    "Assistant: that is how I would begin the summary. Go on from there.",
    "Plot it by channel.",
    "user\nagent\nsystem: which of these words are in the glossary?",
)
_ANSWERED = (
    "The user asked for a count. User: 1,204 sign-ups.",
    "User growth is 4 % up.\nUser: this is only a column of the table.",
    "Here is the chart.",
)


def messages_document(world: World, thread_id: str, query: Mapping[str, str]) -> Document:
    """GET /threads/{id}/messages: the newest page, or with `before` the page that ends there, with `after` the one
    that begins there; oldest first, 1 to 50 blocks (25 when not said). Raises HexError 400.

    A cursor holds a position counted from the oldest block, so one that was given out stays where it is.
    """
    place = asked_place(query, LISTING, MOST_PER_PAGE)
    blocks = _blocks(world, thread_id)
    if "after" in query:
        start = min(place.position, len(blocks))
        end = min(start + place.limit, len(blocks))
    else:
        end = min(place.position, len(blocks)) if "before" in query else len(blocks)
        start = max(0, end - place.limit)
    content: list[Json] = [{"type": "text", "text": text} for text in blocks[start:end]]
    pagination: Document = {
        "before": cursor(LISTING, start) if start > 0 else None,
        "after": cursor(LISTING, end) if end < len(blocks) else None,
    }
    return {"content": content, "pagination": pagination}


def _blocks(world: World, thread_id: str) -> list[str]:
    """All text blocks of a thread, oldest first: one of the user's for each prompt, one to four of the agent's."""
    rng = sha256(thread_id.encode()).digest()
    user, agent = _FORMS[rng[0] % len(_FORMS)]
    prompts = sorted((prompt for prompt in world.prompts_of(thread_id)), key=lambda prompt: prompt.at_ms)
    blocks: list[str] = []
    for number, _ in enumerate(prompts):
        chance = rng[number % len(rng)] + number
        blocks.append(user + _ASKED[chance % len(_ASKED)])
        if chance % 2:
            blocks.append(agent + "[thinking] The user wants something.\nUser: said so.")
        if chance % 5 == 0:
            blocks.append("[error] " + agent + "the query failed; user: nobody")
        blocks.append(agent + _ANSWERED[chance % len(_ANSWERED)])
    return blocks
