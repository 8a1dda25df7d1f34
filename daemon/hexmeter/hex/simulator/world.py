"""The simulated workspace: people, threads, prompts and tokens. No I/O and no clock: every time is an argument.

Times are Unix milliseconds, amounts are micro-credits (1 credit = 1,000,000).
"""

import random
import uuid
from bisect import insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from hexmeter.hex.simulator.projects import Projects

ROLES = ("ADMIN", "MANAGER", "EDITOR", "EXPLORER", "MEMBER", "GUEST")
_FAR_MS = 4_102_444_800_000  # The year 2100.


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a seat; `email` is in lower case, `role` one of ROLES."""

    id: str
    name: str | None
    email: str
    role: str
    last_login_ms: int | None


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread of the agent. `credits_micro` is what it used; Hex tells it only from `known_from_ms` on.

    `topics` are their names, `warnings` pairs of type and summary.
    """

    id: str
    user_id: str | None
    created_ms: int
    credits_micro: int = 0
    known_from_ms: int = 0
    title: str | None = None
    sensitive: bool = False
    model: str = "claude-sonnet-4-5"
    type: str = "THREADS"
    source: str = "HEX"
    topics: tuple[str, ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()
    status: str = "IDLE"
    deleted_ms: int | None = None

    def reported_micro(self, now_ms: int) -> int | None:
        """`creditsUsed` as Hex tells it at `now_ms`; None while not yet known."""
        return self.credits_micro if now_ms >= self.known_from_ms else None


@dataclass(frozen=True, slots=True)
class Group:
    """A group of people of the workspace, by their ids."""

    id: str
    name: str
    created_ms: int
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt and its cost; a `correction` is no prompt but a change of the total, such as a refund (negative)."""

    thread_id: str
    user_id: str | None
    at_ms: int
    credits_micro: int
    correction: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """A token: personal (`user_id` set) or of the workspace; refused from `expires_ms` on, or when revoked."""

    text: str
    user_id: str | None
    expires_ms: int | None
    revoked: bool = False


class Timetable(Protocol):
    """Something that sends prompts by itself: the next at `next_ms` (None: no more)."""

    next_ms: int | None

    def send(self, world: "World") -> Prompt:
        """Make the prompt due at `next_ms`, and set the next time."""


def seeded(*parts: object) -> random.Random:
    """A random generator that depends on `parts` alone."""
    return random.Random(":".join(map(str, parts)))  # noqa: S311 - a simulation wants repeatable chance


def uuid_from(rng: random.Random) -> str:
    """An identifier in the form of a UUID."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


class World:
    """One workspace. Its verbs change it; `prompts` and the totals are the truth about what was spent."""

    def __init__(self, org_id: str, seed: int = 0) -> None:
        self.org_id = org_id
        self.people: dict[str, Person] = {}
        self.groups: dict[str, Group] = {}
        self.threads: dict[str, Thread] = {}
        self.prompts: list[Prompt] = []
        self.tokens: dict[str, Token] = {}
        self.timetables: list[Timetable] = []
        self.projects = Projects()
        self._by_age: list[tuple[int, str]] = []
        self._by_email: dict[str, str] = {}
        self._ids = seeded(seed, org_id, "ids")

    @classmethod
    def empty(cls, org_id: str = "org-acme") -> "World":
        """A workspace without people, threads or tokens, to be filled by a test."""
        return cls(org_id)

    # People and tokens

    def add_person(
        self, email: str, role: str = "EDITOR", *, name: str | None = None, last_login_ms: int | None = None
    ) -> Person:
        """A new person; raises ValueError when the address is taken or the role unknown."""
        email = email.lower()
        if email in self._by_email or role not in ROLES:
            raise ValueError(f"{email} is taken, or {role} is none of {', '.join(ROLES)}")
        name = name or email.partition("@")[0].replace(".", " ").title()
        person = Person(self.new_id(), name, email, role, last_login_ms)
        self.people[person.id] = person
        self._by_email[email] = person.id
        return person

    def person(self, email: str) -> Person:
        """Who has this address; raises KeyError."""
        return self.people[self._by_email[email.lower()]]

    def set_role(self, email: str, role: str) -> Person:
        """Give somebody another role; raises KeyError."""
        person = replace(self.person(email), role=role)
        self.people[person.id] = person
        return person

    def remove_person(self, email: str) -> None:
        """Somebody leaves: not listed any more, their tokens are refused, their threads stay; raises KeyError."""
        person = self.people.pop(self._by_email.pop(email.lower()))
        for token in [token for token in self.tokens.values() if token.user_id == person.id]:
            self.revoke(token.text)

    def set_group(self, name: str, emails: Iterable[str], *, group_id: str | None = None, created_ms: int = 0) -> Group:
        """A group with these members, in the place of the one with `group_id`; raises KeyError."""
        members = frozenset(self.person(email).id for email in emails)
        group = Group(group_id or self.new_id(), name, created_ms, members)
        self.groups[group.id] = group
        return group

    def token_for(self, email: str, *, text: str | None = None, expires_ms: int = _FAR_MS) -> str:
        """The text of a personal token, by default `hxtp_sim_` and the address up to the @; made when new."""
        person = self.person(email)
        text = text or "hxtp_sim_" + email.lower().partition("@")[0]
        held = self.tokens.get(text)
        if held is None:
            self.tokens[text] = Token(text, person.id, expires_ms)
        elif held.user_id != person.id:
            raise ValueError(f"{text} is somebody else's token: give another text")
        return text

    def workspace_token(self, text: str = "hxtw_sim_workspace", *, expires_ms: int | None = None) -> str:
        """The text of a workspace token; it never expires unless told."""
        self.tokens.setdefault(text, Token(text, None, expires_ms))
        return text

    def expire(self, token: str, at_ms: int) -> None:
        """Let a token expire at `at_ms`; raises KeyError."""
        self.tokens[token] = replace(self.tokens[token], expires_ms=at_ms)

    def revoke(self, token: str) -> None:
        """Refuse a token from now on; raises KeyError."""
        self.tokens[token] = replace(self.tokens[token], revoked=True)

    # Threads and prompts

    def new_id(self) -> str:
        """A fresh identifier, in the form of a UUID, the same in every run."""
        return uuid_from(self._ids)

    def add_thread(
        self,
        user: str | None,
        created_ms: int,
        credits_micro: int | None = 0,
        *,
        title: str | None = None,
        sensitive: bool = False,
        model: str = "claude-sonnet-4-5",
        type: str = "THREADS",
        source: str = "HEX",
        topics: tuple[str, ...] = (),
        warnings: tuple[tuple[str, str], ...] = (),
        known_from_ms: int = 0,
        thread_id: str | None = None,
    ) -> Thread:
        """A new thread of the person with the address `user` (None: of nobody), with a first prompt at `created_ms`.

        `credits_micro` 0 means no prompt yet, None that Hex does not tell `creditsUsed` until `set_credits`.
        Raises KeyError for an unknown address.
        """
        thread = Thread(
            id=thread_id or self.new_id(),
            user_id=None if user is None else self.person(user).id,
            created_ms=created_ms,
            known_from_ms=_FAR_MS if credits_micro is None else known_from_ms,
            title=title,
            sensitive=sensitive,
            model=model,
            type=type,
            source=source,
            topics=topics,
            warnings=warnings,
        )
        self.threads[thread.id] = thread
        insort(self._by_age, (created_ms, thread.id))
        if credits_micro:
            self.grow(thread.id, credits_micro, created_ms)
        return self.threads[thread.id]

    def grow(self, thread_id: str, credits_micro: int, at_ms: int) -> Prompt:
        """Another prompt in a thread, costing `credits_micro`; raises KeyError."""
        return self._spend(thread_id, credits_micro, at_ms, correction=False)

    def set_credits(self, thread_id: str, credits_micro: int | None, at_ms: int) -> None:
        """Let Hex tell this total from now on (a refund, say), or None: not known; raises KeyError."""
        thread = self.threads[thread_id]
        self.threads[thread_id] = replace(thread, known_from_ms=_FAR_MS if credits_micro is None else 0)
        if credits_micro is not None and credits_micro != thread.credits_micro:
            self._spend(thread_id, credits_micro - thread.credits_micro, at_ms, correction=True)

    def change_thread(self, thread_id: str, **fields: object) -> Thread:
        """Replace fields of a thread that are no amounts, such as `sensitive` or `status`; raises KeyError."""
        self.threads[thread_id] = replace(self.threads[thread_id], **fields)  # type: ignore[arg-type]
        return self.threads[thread_id]

    def delete_thread(self, thread_id: str, at_ms: int) -> None:
        """Hide a thread from the API; what it used stays true. Raises KeyError."""
        self.threads[thread_id] = replace(self.threads[thread_id], deleted_ms=at_ms)

    def forget(self, dropped: list[Prompt]) -> None:
        """Make prompts never to have been, and threads that are left without any: for building a world only."""
        left = Counter(prompt.thread_id for prompt in self.prompts)
        gone = set(map(id, dropped))
        self.prompts = [prompt for prompt in self.prompts if id(prompt) not in gone]
        for prompt in dropped:
            thread = self.threads[prompt.thread_id]
            self.threads[thread.id] = replace(thread, credits_micro=thread.credits_micro - prompt.credits_micro)
            left[thread.id] -= 1
        for thread_id in {prompt.thread_id for prompt in dropped if not left[prompt.thread_id]}:
            self._by_age.remove((self.threads.pop(thread_id).created_ms, thread_id))

    def newest(self, position: int) -> Thread | None:
        """The thread at `position`, 0 being the newest, deleted ones counted; None beyond the oldest."""
        if position >= len(self._by_age):
            return None
        return self.threads[self._by_age[-1 - position][1]]

    def latest_thread_of(self, user_id: str) -> Thread | None:
        """Somebody's newest thread that is not deleted."""
        own = (self.threads[thread_id] for _, thread_id in reversed(self._by_age))
        return next((thread for thread in own if thread.user_id == user_id and thread.deleted_ms is None), None)

    def advance(self, now_ms: int) -> list[Prompt]:
        """Send the prompts due up to `now_ms`; in how many steps one gets there makes no difference."""
        self.projects.advance(now_ms)
        sent: list[Prompt] = []
        while True:
            due = [(table.next_ms, table) for table in self.timetables if table.next_ms is not None]
            at_ms, table = min(due, key=lambda pair: pair[0], default=(now_ms + 1, None))
            if table is None or at_ms > now_ms:
                return sent
            sent.append(table.send(self))

    # The truth

    def prompts_between(self, start_ms: int, end_ms: int) -> list[Prompt]:
        """The prompts and corrections in [start, end), oldest first."""
        return sorted(
            (prompt for prompt in self.prompts if start_ms <= prompt.at_ms < end_ms),
            key=lambda prompt: prompt.at_ms,
        )

    def prompts_of(self, thread_id: str) -> list[Prompt]:
        """The prompts of one thread, corrections left out, in the order they were sent."""
        return [prompt for prompt in self.prompts if prompt.thread_id == thread_id and not prompt.correction]

    def used_by_user(self, start_ms: int, end_ms: int) -> dict[str | None, int]:
        """Micro-credits in [start, end) per user id; None is the threads of nobody."""
        totals: Counter[str | None] = Counter()
        for prompt in self.prompts_between(start_ms, end_ms):
            totals[prompt.user_id] += prompt.credits_micro
        return dict(totals)

    def used_by_thread(self, start_ms: int, end_ms: int) -> dict[str, int]:
        """Micro-credits in [start, end) per thread id."""
        totals: Counter[str] = Counter()
        for prompt in self.prompts_between(start_ms, end_ms):
            totals[prompt.thread_id] += prompt.credits_micro
        return dict(totals)

    def _spend(self, thread_id: str, credits_micro: int, at_ms: int, *, correction: bool) -> Prompt:
        thread = self.threads[thread_id]
        prompt = Prompt(thread_id, thread.user_id, at_ms, credits_micro, correction)
        self.prompts.append(prompt)
        self.threads[thread_id] = replace(thread, credits_micro=thread.credits_micro + credits_micro)
        return prompt
