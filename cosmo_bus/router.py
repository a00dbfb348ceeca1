"""Who gets what: a trie of patterns, queue groups, and a cache of answers per subject.

Synchronous and without I/O; the TCP server and the in-memory synapse both route with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from cosmo_bus.subjects import ANY_TOKEN, REST, is_literal, pattern_tokens

T = TypeVar("T")

CACHED_SUBJECTS = 4096
"""Answers kept; the oldest goes first. Reply subjects are used once and would pile up otherwise."""


class Route(Generic[T]):
    """One subscription, as `Router.add` returned it: its pattern, its target, and its queue group if it is in one."""

    __slots__ = ("_serial", "group", "pattern", "target")

    def __init__(self, pattern: str, target: T, group: str | None, serial: int) -> None:
        self.pattern = pattern
        self.target = target
        self.group = group
        self._serial = serial


class Group(Generic[T]):
    """The members of one queue group that one subject reaches."""

    __slots__ = ("_members", "_turns", "name")

    def __init__(self, name: str, members: Sequence[T], turns: Counter[str]) -> None:
        self.name = name
        self._members = members
        self._turns = turns

    def next(self) -> T:
        """The member whose turn it is. Turns are counted per group name, over all subjects (PROTOCOL 4.6)."""
        turn = self._turns[self.name]
        self._turns[self.name] = turn + 1
        return self._members[turn % len(self._members)]

    def rotation(self) -> Iterator[T]:
        """Every member once, starting with the one whose turn it is: for who cannot be reached."""
        for _ in self._members:
            yield self.next()


class Match(Generic[T]):
    """Everything a subject reaches."""

    __slots__ = ("groups", "solo")

    def __init__(self, solo: tuple[T, ...], groups: tuple[Group[T], ...]) -> None:
        self.solo = solo
        """Targets outside any group, in order of subscription."""
        self.groups = groups


class _Node(Generic[T]):
    """One token's place in the trie."""

    __slots__ = ("children", "here", "rest")

    def __init__(self) -> None:
        self.children: dict[str, _Node[T]] = {}
        # Dicts serve as ordered sets: removal must not search.
        self.here: dict[Route[T], None] = {}
        self.rest: dict[Route[T], None] = {}

    @property
    def empty(self) -> bool:
        return not (self.children or self.here or self.rest)


class Router(Generic[T]):
    """Routes subjects to targets.

    A subject asked for before is one dictionary look-up, however many subscriptions there are.
    """

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self.answers: dict[str, Match[T]] = {}
        """What was found for subjects asked for before, kept up to date; for who must not even pay for a call."""
        self._turns: Counter[str] = Counter()
        self._group_sizes: Counter[str] = Counter()
        self._serial = 0
        self._live: set[Route[T]] = set()

    def __len__(self) -> int:
        """How many subscriptions there are."""
        return len(self._live)

    def add(self, pattern: str, target: T, *, group: str | None = None) -> Route[T]:
        """Subscribe `target` to `pattern`; members of one `group` share the messages, one member each."""
        self._serial += 1
        route = Route(pattern, target, group, self._serial)
        node = self._root
        tokens = pattern_tokens(pattern)
        to_rest = tokens[-1] == REST
        for token in tokens[:-1] if to_rest else tokens:
            node = node.children.setdefault(token, _Node())
        (node.rest if to_rest else node.here)[route] = None
        self._live.add(route)
        if group is not None:
            self._group_sizes[group] += 1
        self._forget(pattern)
        return route

    def remove(self, route: Route[T]) -> None:
        """End a subscription. Doing it again does nothing."""
        if route not in self._live:
            return
        self._live.discard(route)
        self._prune(route)
        group = route.group
        if group is not None:
            self._group_sizes[group] -= 1
            if not self._group_sizes[group]:
                # The last member takes the turn count with it; group names may be as many as clients invent.
                del self._group_sizes[group]
                self._turns.pop(group, None)
        self._forget(route.pattern)

    def targets(self, subject: str) -> Sequence[T]:
        """Every target outside a group, and the next member of each group."""
        match = self.answers.get(subject) or self.match(subject)
        if not match.groups:
            return match.solo
        return (*match.solo, *[group.next() for group in match.groups])

    def match(self, subject: str) -> Match[T]:
        """Everything `subject` reaches, groups with all their members. Takes no turn."""
        found = self.answers.get(subject)
        if found is None:
            found = self._resolve(subject)
            if len(self.answers) >= CACHED_SUBJECTS:
                del self.answers[next(iter(self.answers))]
            self.answers[subject] = found
        return found

    def _resolve(self, subject: str) -> Match[T]:
        routes: list[Route[T]] = []
        nodes = [self._root]
        for token in subject.split("."):
            following = []
            for node in nodes:
                routes.extend(node.rest)
                if token in node.children:
                    following.append(node.children[token])
                # A published `*` is a token like any other, and must not be found twice.
                if token != ANY_TOKEN and ANY_TOKEN in node.children:
                    following.append(node.children[ANY_TOKEN])
            nodes = following
        for node in nodes:
            routes.extend(node.here)
        routes.sort(key=_by_age)
        grouped: dict[str, list[T]] = {}
        for route in routes:
            if route.group is not None:
                grouped.setdefault(route.group, []).append(route.target)
        return Match(
            tuple(route.target for route in routes if route.group is None),
            tuple(Group(name, members, self._turns) for name, members in grouped.items()),
        )

    def _prune(self, route: Route[T]) -> None:
        """Take the route out, and the branch that led to it if nothing else hangs there."""
        tokens = pattern_tokens(route.pattern)
        to_rest = tokens[-1] == REST
        if to_rest:
            tokens.pop()
        path = [self._root]
        for token in tokens:
            path.append(path[-1].children[token])
        del (path[-1].rest if to_rest else path[-1].here)[route]
        for parent, token, node in zip(path[-2::-1], tokens[::-1], path[:0:-1], strict=True):
            if not node.empty:
                break
            del parent.children[token]

    def _forget(self, pattern: str) -> None:
        """Drop the answers this pattern may change."""
        if is_literal(pattern):
            self.answers.pop(pattern, None)
        else:
            self.answers.clear()


def _by_age(route: Route[T]) -> int:
    return route._serial
