"""The topology as a text graph: blocks of participants in columns, by how far they are from whoever starts work.

Participants that talk to the same others in the same ways share a block, so that five hundred workers of one kind
are read as easily as one. Pure; counts are added up only for what is painted.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cosmo_doppler.model.topology import UNNAMED, Edge, EdgeKind, Key

FORWARD: tuple[EdgeKind, ...] = ("task", "award", "tool", "recall", "imprint")
"""What is asked; all else comes back."""

ALIKE = 4
"""From so many participants on, those that are alike share a block."""

_ORDER: tuple[EdgeKind, ...] = (*FORWARD, "bid", "output", "question", "error")


class Way(NamedTuple):
    """All that goes from one block to another."""

    targets: tuple[str, ...]
    itself: bool
    """It goes back to where it comes from."""
    edges: tuple[tuple[EdgeKind, tuple[Key, ...]], ...]


class Block(NamedTuple):
    """Participants that talk to the same others."""

    depth: int
    """How many steps of asking it is away from whoever starts work."""
    members: tuple[str, ...]
    ways: tuple[Way, ...]


def blocks_of(keys: Sequence[Key]) -> list[Block]:
    """The graph, ordered by depth and then by who was met first."""
    depths = _depths(keys)
    groups = _alike(keys)
    home = {member: group for group in groups for member in group}
    ways: dict[tuple[str, ...], dict[tuple[str, ...], dict[EdgeKind, list[Key]]]] = defaultdict(dict)
    for key in keys:
        kinds = ways[home[key.source]].setdefault(home[key.target], defaultdict(list))
        kinds[key.kind].append(key)
    places = {group: place for place, group in enumerate(groups)}
    blocks = [
        Block(
            min(depths[member] for member in group),
            group,
            tuple(
                Way(
                    target,
                    target == group,
                    tuple((kind, tuple(kinds[kind])) for kind in _ORDER if kind in kinds),
                )
                for target, kinds in sorted(
                    ways[group].items(), key=lambda way: (depths[way[0][0]], places[way[0]])
                )
            ),
        )
        for group in groups
    ]
    return sorted(blocks, key=lambda block: block.depth)


def total(keys: Iterable[Key], edges: Mapping[Key, Edge]) -> int:
    """Signals along all of these edges."""
    return sum(edges[key].count for key in keys if key in edges)


def _asked(key: Key) -> tuple[str, str]:
    """Who asks and who is asked."""
    return (key.source, key.target) if key.kind in FORWARD else (key.target, key.source)


def _depths(keys: Sequence[Key]) -> dict[str, int]:
    below: dict[str, list[str]] = {}
    asked: set[str] = set()
    for key in keys:
        above, under = _asked(key)
        below.setdefault(above, []).append(under)
        below.setdefault(under, [])
        if above != under:
            asked.add(under)
    depths: dict[str, int] = {}
    roots = [name for name in below if name not in asked]
    # What is left then goes in circles; whoever was met first begins.
    for root in [*roots, *below]:
        if root in depths:
            continue
        depths[root] = 0
        queue = deque([root])
        while queue:
            name = queue.popleft()
            for under in below[name]:
                if under not in depths:
                    depths[under] = depths[name] + 1
                    queue.append(under)
    return depths


def _alike(keys: Sequence[Key]) -> list[tuple[str, ...]]:
    """Everybody, in groups: who is like enough others with them, all others alone; in the order they were met."""
    signatures: dict[str, set[tuple[str, EdgeKind, str]]] = {}
    for key in keys:
        source = signatures.setdefault(key.source, set())
        target = signatures.setdefault(key.target, set())
        if key.source == key.target:
            source.add(("self", key.kind, ""))
        else:
            source.add(("to", key.kind, key.target))
            target.add(("from", key.kind, key.source))
    alike: dict[object, list[str]] = defaultdict(list)
    for name, signature in signatures.items():
        alike[name if name == UNNAMED else frozenset(signature)].append(name)
    groups: list[tuple[str, ...]] = []
    seen: set[str] = set()
    for name, signature in signatures.items():
        if name in seen:
            continue
        members = alike[name if name == UNNAMED else frozenset(signature)]
        group = tuple(members) if len(members) >= ALIKE else (name,)
        seen.update(group)
        groups.append(group)
    return groups
