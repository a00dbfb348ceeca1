"""Whose work it is where everybody hears of it and the trace decides: each peer reckons the same owner, who alone claims it."""

from __future__ import annotations

import hashlib

from cosmo_doppler.model.recent import Recent

ENOUGH = 8
"""Claims from which on a rule is believed: two peers agree with it by chance once in 256 times."""

_MOST = 64
"""Claims looked at, the latest; and so peers, too."""

_AGREE = 0.9
"""Share of the claims that must follow the rule: some may be what is looked for."""


class Owners:
    """Learns from who answers calls to everybody whether the SHA-1 of the trace's id says who should.

    The rule is that of the documented pattern: the digest as a number, modulo the peers in the order of their names.
    """

    def __init__(self) -> None:
        self._claims: Recent[str, tuple[int, str]] = Recent(_MOST)
        """By trace: the digest, and who answered first."""

    def claimed(self, trace_id: str, who: str) -> None:
        """Somebody was the first to answer a call to everybody."""
        self._claims.put(trace_id, (_digest(trace_id), who))

    def owner(self, trace_id: str) -> str:
        """Who should answer on a trace; empty where calls to everybody follow no such rule."""
        claims = list(self._claims.entries.values())
        peers = sorted({who for _, who in claims})
        if len(claims) < ENOUGH or len(peers) < 2:
            return ""
        followed = sum(peers[digest % len(peers)] == who for digest, who in claims)
        return peers[_digest(trace_id) % len(peers)] if followed >= _AGREE * len(claims) else ""


def _digest(trace_id: str) -> int:
    return int.from_bytes(hashlib.sha1(trace_id.encode(), usedforsecurity=False).digest())
