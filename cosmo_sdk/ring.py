"""Consistent hashing: who owns a key, agreed upon without asking anybody.

Every node stands at many points of a circle, each the hash of its name and a number. A key belongs to the node at the
first point at or after the key's own hash. Whoever knows the same nodes gets the same answer, in any process and
on any version of Python; and when a node joins or leaves, only the keys next to its points change hands.

The points are part of the contract, so that other languages can agree too: point `i` of a node is the `i % 8`-th
big-endian unsigned 64-bit number of the 64-byte BLAKE2b digest of `<node> NUL <i // 8>` in UTF-8. The hash
of a key is the 8-byte BLAKE2b digest of its UTF-8.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

from cosmo_sdk.errors import NoOwner

VIRTUAL_NODES = 128
"""Points of one node when nobody says otherwise: of ten nodes each owns about a tenth, a third more or less at worst."""

_EIGHT = Struct(">8Q")


class _Circle(NamedTuple):
    """Points in order, and whose each is. Replaced as a whole, so that a reader in another thread sees one or the other."""

    points: list[int]
    owners: list[str]


class HashRing:
    """Nodes on a circle, and who of them owns a key. Reading is safe from any thread.

    Args:
        nodes: their names, in any order; one given twice counts once.
        virtual_nodes: points of each node. More spread the keys more evenly, and cost memory. Everybody who is to
            agree must use the same number.

    Raises:
        ValueError: an empty name, or no points.
    """

    def __init__(self, nodes: Iterable[str] = (), *, virtual_nodes: int = VIRTUAL_NODES) -> None:
        if virtual_nodes < 1:
            raise ValueError(f"virtual_nodes={virtual_nodes}: every node needs at least one point")
        self.virtual_nodes = virtual_nodes
        """Points of each node."""
        self._nodes: frozenset[str] = frozenset()
        self._circle = _Circle([], [])
        self.replace(nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, node: object) -> bool:
        return node in self._nodes

    def __repr__(self) -> str:
        return f"HashRing({self.nodes}, virtual_nodes={self.virtual_nodes})"

    @property
    def nodes(self) -> list[str]:
        """Who is on the ring, sorted; a copy."""
        return sorted(self._nodes)

    def add(self, *nodes: str) -> None:
        """Put nodes on the ring. One that is there already stays as it is.

        Raises:
            ValueError: an empty name.
        """
        self.replace(self._nodes.union(nodes))

    def remove(self, *nodes: str) -> None:
        """Take nodes off the ring. One that is not there is no error: two may have noticed that it left."""
        self.replace(self._nodes.difference(nodes))

    def replace(self, nodes: Iterable[str]) -> None:
        """Have exactly these nodes on the ring.

        Raises:
            ValueError: an empty name.
        """
        wanted = frozenset(nodes)
        if wanted == self._nodes:
            return
        if "" in wanted:
            raise ValueError("a node needs a name: one of them is empty")
        placed = [(point, owner) for point, owner in zip(*self._circle, strict=True) if owner in wanted]
        for newcomer in wanted - self._nodes:
            placed.extend((point, newcomer) for point in _points(newcomer, self.virtual_nodes))
        # Where two nodes share a point the name decides, so that the order of joining never does.
        placed.sort()
        self._circle = _Circle([point for point, _ in placed], [owner for _, owner in placed])
        self._nodes = wanted

    def owner(self, key: str) -> str:
        """Who owns a key, e.g. a trace id.

        Raises:
            NoOwner: nobody is on the ring (also a LookupError).
        """
        points, owners = self._circle
        if not points:
            raise NoOwner(key)
        # Past the last point the circle begins again.
        return owners[bisect_left(points, _hash(key)) % len(points)]

    def owners(self, key: str, count: int) -> list[str]:
        """The owner of a key and who would own it without the ones before: for replicas and stand-ins.

        Args:
            key: whatever is owned.
            count: how many different nodes; fewer come back when the ring has fewer.

        Raises:
            NoOwner: nobody is on the ring (also a LookupError).
            ValueError: `count` is less than one.
        """
        if count < 1:
            raise ValueError(f"count={count}: ask for at least one owner")
        points, owners = self._circle
        if not points:
            raise NoOwner(key)
        start = bisect_left(points, _hash(key))
        # A dict keeps the order in which names first come up on the way round.
        met: dict[str, None] = {}
        for index in range(start, start + len(points)):
            met[owners[index % len(points)]] = None
            if len(met) == count:
                break
        return list(met)

    def owns(self, node: str, key: str) -> bool:
        """Whether a key is a node's own. False on an empty ring: nobody's."""
        return bool(self._nodes) and self.owner(key) == node


def _hash(key: str) -> int:
    return int.from_bytes(blake2b(_utf8(key), digest_size=8).digest(), "big")


def _points(node: str, count: int) -> list[int]:
    points: list[int] = []
    for block in range(-(-count // 8)):
        points.extend(_EIGHT.unpack(blake2b(_utf8(f"{node}\0{block}"), digest_size=64).digest()))
    return points[:count]


def _utf8(text: str) -> bytes:
    # Names come off the bus, and JSON can spell half a surrogate pair.
    return text.encode("utf-8", "surrogatepass")
