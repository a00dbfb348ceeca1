"""The book of votes: opened, cast, and closed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any

from cosmo_sdk.coordination import _vote_rules as rules
from cosmo_sdk.coordination._managing import Change, Managing, Outcome
from cosmo_sdk.coordination._store_base import Store
from cosmo_sdk.coordination._tally import Quorum, VoteResult, check_method, quorum_needed
from cosmo_sdk.coordination._values import (
    Amount,
    FractionLike,
    canonical,
    check_amount,
    check_fraction,
    check_id,
    check_json,
    to_ms,
)
from cosmo_sdk.coordination._vote_rules import Ballot
from cosmo_sdk.coordination.errors import ExistsError, NotAuthorizedError, StateError


class _Votes(list[tuple[str, Any]]):
    """The votes cast, as a list. What is appended is cast."""

    def __init__(self, book: VoteBook, vote_id: str, votes: Iterable[tuple[str, Any]]) -> None:
        super().__init__(votes)
        self._book = book
        self._vote_id = vote_id

    def append(self, vote: tuple[str, Any]) -> None:
        """Cast a vote.

        Raises:
            StateError: it does not count: the vote is closed, or the agent or its option is not admitted.
        """
        agent_id, option = vote
        if not self._book.cast(self._vote_id, agent_id, option):
            raise StateError(f"the vote of {agent_id!r} in {self._vote_id!r} does not count")
        super().append((agent_id, option))


class VoteBook(Managing, MutableMapping[str, list[tuple[str, Any]]]):
    """Keeps votes: who may vote for what, until when, and what it came to.

    It is also a mapping of vote ids to lists of `(agent, option)`, so it can stand where a plain dict of those is
    expected: `book.setdefault(vote_id, []).append((agent, option))` opens a vote that anybody may take part in, and
    casts one.

    Args:
        store: where votes live; a MemoryStore of its own unless given.
    """

    _kind = "vote"
    _prefix = "vot:"
    _takes = Managing._takes | {"pools"}

    def __init__(self, store: Store | None = None) -> None:
        super().__init__(store)
        self._pools: Any = None

    def open_vote(
        self,
        vote_id: str,
        options: list[Any] | None = None,
        eligible: Iterable[str] | None = None,
        quorum: Quorum = None,
        method: str | None = None,
        threshold: FractionLike | None = None,
        weights: dict[str, Amount] | None = None,
        tie_break: str | None = None,
        duration_s: float | None = None,
        allow_change: bool = True,
        secret: bool = False,
        pool_id: str | None = None,
    ) -> str:
        """Begin a vote.

        Args:
            vote_id: its name, not used before.
            options: what may be voted for; anything unless given. Everybody may abstain, with None.
            eligible: who may vote; everybody unless given.
            quorum: how many must be present; see `Consensus.tally`.
            method: `majority` unless given; see `Consensus.tally`.
            threshold: the share of a supermajority, two thirds unless given.
            weights: of agents; 1 for those it leaves out.
            tie_break: for `plurality`; see `Consensus.tally`.
            duration_s: seconds until it closes by itself; until somebody closes it unless given.
            allow_change: whether an agent may vote again; its last vote counts.
            secret: events and this mapping keep back who voted for what.
            pool_id: its members of this moment may vote, and its governance says what is not given here. Needs
                `bind(pools=...)`.

        Returns:
            The vote id.

        Raises:
            ExistsError: there is such a vote already.
            ValueError: rules that make no sense, or an unknown pool.
            TypeError: values of the wrong type.
        """
        check_id("vote_id", vote_id)
        governance, members = self._of_pool(pool_id)
        eligible = members if eligible is None else eligible
        ballot = Ballot(
            vote_id,
            _options(options),
            None if eligible is None else _eligible(eligible),
            _quorum(governance.get("quorum") if quorum is None else quorum),
            method or governance.get("method") or "majority",
            str(threshold or governance.get("threshold") or "2/3"),
            None
            if weights is None
            else {check_id("agent", a): str(check_amount("weight", w)) for a, w in weights.items()},
            tie_break or governance.get("tie_break"),
            allow_change=bool(allow_change),
            secret=bool(secret),
            pool_id=pool_id,
        )
        check_method(ballot.method, ballot.threshold, ballot.tie_break)
        lasts_ms = None if duration_s is None else to_ms("duration_s", duration_s)
        trace_id, cause = self._origin()

        def change(found: Ballot | None, now_ms: int) -> Outcome[str]:
            if found is not None:
                raise ExistsError(f"vote {vote_id!r} exists already")
            ballot.closes_ms = None if lasts_ms is None else now_ms + lasts_ms
            ballot.trace_id = trace_id
            return Outcome(vote_id, ballot, [rules.opened(ballot, now_ms, cause)])

        return self._step(vote_id, change)

    def _of_pool(self, pool_id: str | None) -> tuple[dict[str, Any], list[str] | None]:
        if pool_id is None:
            return {}, None
        if self._pools is None:
            raise ValueError(
                "open_vote(pool_id=) needs to know the pools: bind(pools=PoolManager(...)) first"
            )
        pool = self._pools.get_pool(pool_id)
        if pool is None:
            raise ValueError(f"there is no pool {pool_id!r}")
        return pool.governance, sorted(pool.agents)

    def cast(self, vote_id: str, agent_id: str, option: Any) -> bool:
        """Vote. None abstains: present, but for nothing.

        Args:
            vote_id: the vote.
            agent_id: who votes.
            option: one of those offered, or None.

        Returns:
            Whether it counts. False when the vote is unknown, closed or over, the agent may not vote, the option is none
            of those offered, or the agent has voted otherwise and may not change its mind.
        """
        check_id("agent_id", agent_id)
        check_json("option", option)
        return self._step(
            vote_id,
            lambda ballot, now_ms: (
                self._unknown(False) if ballot is None else rules.cast(ballot, agent_id, option, now_ms)
            ),
        )

    def close(self, vote_id: str) -> VoteResult:
        """End a vote and count it. Doing so again returns the same.

        Raises:
            StateError: there is no such vote.
        """
        result = self._step(vote_id, self._ending(due=lambda ballot, now_ms: True))
        if result is None:
            raise StateError(f"there is no vote {vote_id!r}")
        return result

    def result(self, vote_id: str) -> VoteResult | None:
        """What a vote came to; None while it is open, or when there is none."""
        return self._step(vote_id, self._ending(due=rules.is_over))

    def _ending(self, due: Callable[[Ballot, int], bool]) -> Change[VoteResult | None]:
        def change(ballot: Ballot | None, now_ms: int) -> Outcome[VoteResult | None]:
            if ballot is None:
                return self._unknown(None)
            if ballot.result is not None:
                return Outcome(ballot.result)
            return rules.closed(ballot, now_ms) if due(ballot, now_ms) else Outcome(None)

        return change

    def get_vote(self, vote_id: str) -> Ballot | None:
        """The vote with everything about it; None when there is none."""
        ballot: Ballot | None = self._live.get(vote_id)
        return ballot

    def expire(self) -> list[str]:
        """Close the votes whose time is up, and return their ids, ascending."""
        now_ms = self._store.now_ms()
        due = sorted(
            ballot.id for _, ballot, _ in self._store.leased(self._kind) if rules.is_over(ballot, now_ms)
        )
        return [vote_id for vote_id in due if self.result(vote_id) is not None]

    # -- as a mapping

    def __getitem__(self, vote_id: str) -> list[tuple[str, Any]]:
        ballot = self.get_vote(vote_id)
        if ballot is None:
            raise KeyError(vote_id)
        if ballot.secret:
            raise NotAuthorizedError("anybody", f"read who voted for what in the secret vote {vote_id!r}")
        return _Votes(self, vote_id, ballot.records)

    def __setitem__(self, vote_id: str, votes: Iterable[tuple[str, Any]]) -> None:
        if self.get_vote(vote_id) is None:
            self.open_vote(vote_id)
        for agent_id, option in votes:
            self.cast(vote_id, agent_id, option)

    def setdefault(self, vote_id: str, default: list[tuple[str, Any]] | None = None) -> list[tuple[str, Any]]:
        """The votes cast; opens the vote when there is none. What is appended is cast."""
        if vote_id not in self:
            self[vote_id] = default or []
        return self[vote_id]

    def __contains__(self, vote_id: object) -> bool:
        return isinstance(vote_id, str) and self.get_vote(vote_id) is not None

    def __bool__(self) -> bool:
        # Also before the first vote: `votes_store or {}` means this one.
        return True

    def __delitem__(self, vote_id: str) -> None:
        if self.get_vote(vote_id) is None:
            raise KeyError(vote_id)
        self._step(vote_id, lambda ballot, now_ms: Outcome(None, deletes=ballot is not None))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._live.sync()))

    def __len__(self) -> int:
        return len(self._live.sync())


def _options(options: list[Any] | None) -> list[Any] | None:
    if options is None:
        return None
    if not isinstance(options, list | tuple):
        raise TypeError(f"options must be a list, not {type(options).__name__}")
    if not options or None in options:
        raise ValueError("options must name at least one, and not None, which abstains")
    names = [canonical(check_json("option", each)) for each in options]
    if len(set(names)) < len(names):
        raise ValueError("options must differ")
    return list(options)


def _eligible(agents: Iterable[str]) -> list[str]:
    if isinstance(agents, str):
        raise TypeError("eligible must be a list of agents, not one str")
    return sorted({check_id("agent", each) for each in agents})


def _quorum(quorum: Quorum) -> int | str | None:
    quorum_needed(quorum, 1)
    if quorum is None or isinstance(quorum, int):
        return quorum
    return "majority" if quorum == "majority" else str(check_fraction("quorum", quorum))
