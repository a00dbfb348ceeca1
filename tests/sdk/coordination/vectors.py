"""Runs test vectors: cases written as data, which any implementation of coordination can run.

A file is JSON with `vectors`: each names a component, its setup, and steps that call an operation and say what it
returns, what it raises, or what the state is afterwards. `final` is the state at the end.
"""

from __future__ import annotations

import asyncio
import builtins
import inspect
import json
from pathlib import Path
from typing import Any

from cosmo_sdk import coordination as coord
from cosmo_sdk.coordination import ManualClock
from cosmo_sdk.coordination.events import signal_fields
from cosmo_sdk.coordination.models import plain

HERE = Path(__file__).parent / "vectors"


def load(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["vectors"]


def run(vector: dict[str, Any], make_store) -> None:
    """Run one vector; AssertionError says which step went wrong and how."""
    bench = Bench(vector, make_store)
    bench.component = COMPONENTS[vector["component"]](bench)
    for number, step in enumerate(vector["steps"]):
        bench.step(f"{vector['id']} step {number} {step.get('op', 'state')}", step)
    if "final" in vector:
        check(f"{vector['id']} final", vector["final"], bench.component.state())
    if "signals" in vector:
        check(f"{vector['id']} signals", vector["signals"], bench.component.signals())


class Bench:
    """What one vector works on: a store, clocks that move together, and a component."""

    def __init__(self, vector: dict[str, Any], make_store) -> None:
        self.setup = vector.get("setup", {})
        self.clocks: list[ManualClock] = []
        self.clock = self.make_clock({})
        self.store = make_store(self.clock)
        self.kept: dict[str, Any] = {}

    def make_clock(self, overrides: dict[str, Any]) -> ManualClock:
        clock = ManualClock(**{**self.setup.get("clock", {}), **overrides})
        self.clocks.append(clock)
        return clock

    def step(self, where: str, step: dict[str, Any]) -> None:
        if "at" in step:
            for clock in self.clocks:
                clock.set(step["at"])
        if "op" in step:
            self.call(where, step)
        if "state" in step:
            check(f"{where} state", step["state"], self.component.state())

    def call(self, where: str, step: dict[str, Any]) -> None:
        target = self.component.objects.get(step.get("on"), self.component)
        args = {name: self.argument(name, value) for name, value in step.get("args", {}).items()}
        returned, error = finished(self.component.call, target, step["op"], args)
        if error is not None:
            expected = step.get("raises")
            if expected is None:
                raise AssertionError(f"{where}: raised {error!r}") from error
            assert isinstance(error, getattr(builtins, expected)), f"{where}: {error!r} is no {expected}"
            return
        assert "raises" not in step, f"{where}: returned {returned!r} instead of raising {step['raises']}"
        if "as" in step:
            self.kept[step["as"]] = returned
        if "returns" in step:
            check(f"{where} returns", step["returns"], self.component.shown(step["op"], returned))
        if "reason" in step:
            check(f"{where} reason", step["reason"], self.component.reason())

    def argument(self, name: str, value: Any) -> Any:
        if isinstance(value, dict) and value.keys() == {"$ref"}:
            return self.kept[value["$ref"]]
        if isinstance(value, dict) and value.keys() == {"$num"}:
            return float(value["$num"])
        if isinstance(value, dict):
            return {key: self.argument(key, each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.argument("", each) for each in value]
        return self.component.real(name, value)


def finished(call, *args: Any) -> tuple[Any, Exception | None]:
    try:
        returned = call(*args)
        return asyncio.run(returned) if inspect.iscoroutine(returned) else returned, None
    except Exception as error:
        return None, error


def check(where: str, expected: Any, got: Any) -> None:
    """Objects match as subsets, lists element by element, numbers by value; a bool is no number."""
    if isinstance(expected, dict):
        assert isinstance(got, dict), f"{where}: {got!r} is no object"
        for key, value in expected.items():
            assert key in got, f"{where}: no {key!r} in {got!r}"
            check(f"{where}.{key}", value, got[key])
    elif isinstance(expected, list):
        assert isinstance(got, list | tuple), f"{where}: {got!r} is no list"
        assert len(got) == len(expected), f"{where}: {got!r}, expected {expected!r}"
        for number, value in enumerate(expected):
            check(f"{where}[{number}]", value, got[number])
    elif isinstance(expected, int | float) and not isinstance(expected, bool):
        same = isinstance(got, int | float) and not isinstance(got, bool) and float(got) == float(expected)
        assert same, f"{where}: {got!r}, expected {expected!r}"
    else:
        assert type(got) is type(expected), f"{where}: {got!r}, expected {expected!r}"
        assert got == expected, f"{where}: {got!r}, expected {expected!r}"


class Component:
    """One manager under test; subclasses say what is special about theirs."""

    ids: dict[str, str]

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.objects: dict[Any, Any] = {None: self}
        self.ids = {}
        self.build()

    def build(self) -> None: ...

    def call(self, target: Any, op: str, args: dict[str, Any]) -> Any:
        return getattr(self.manager if target is self else target, op)(**args)

    def real(self, name: str, value: Any) -> Any:
        return self.ids.get(value, value) if name.endswith("_id") and isinstance(value, str) else value

    def shown(self, op: str, returned: Any) -> Any:
        return returned

    def state(self) -> dict[str, Any]:
        return {}


class Pools(Component):
    def build(self) -> None:
        self.manager = coord.PoolManager(self.bench.store).bind(clock=self.bench.clock)

    def shown(self, op: str, returned: Any) -> Any:
        return returned.id if op == "create_pool" else returned

    def state(self) -> dict[str, Any]:
        return {pool.id: {"agents": sorted(pool.agents)} for pool in self.manager.list_pools()}


def topic(value: Any) -> coord.Topic:
    return coord.Topic(**value)


class Tasks(Component):
    def build(self) -> None:
        for each in self.bench.setup.get("managers") or [{"name": "only"}]:
            clock = self.bench.make_clock(each.get("clock", {}))
            manager = coord.TaskManager(self.bench.store).bind(clock=clock)
            self.objects[each["name"]] = manager
            self.manager = manager

    def call(self, target: Any, op: str, args: dict[str, Any]) -> Any:
        if op == "submit":
            given = dict(args["task"])
            if given.get("topic"):
                given["topic"] = topic(given["topic"])
            args = {"task": coord.Task(**given)}
        elif isinstance(args.get("topics"), list):
            args = {**args, "topics": [topic(each) for each in args["topics"]]}
        elif "claim" in args:
            args = {**args, "claim": coord.Claim(*args["claim"])}
        return super().call(target, op, args)

    def shown(self, op: str, returned: Any) -> Any:
        if op.startswith("list_"):
            return [task.id for task in returned]
        if op in ("claim_next", "get_task", "wait_until_done"):
            return None if returned is None else returned.id
        if op == "claim_task":
            return returned and [returned.task_id, returned.agent_id, returned.attempt]
        return returned

    def state(self) -> dict[str, Any]:
        return {
            task.id: {
                "state": task.state.value,
                "assigned_to": task.assigned_to,
                "attempt": task.attempt,
                "result": task.result,
                "priority": task.priority,
            }
            for _, task, _ in self.bench.store.scan("task")
        }


class Counting(Component):
    def build(self) -> None:
        self.manager = coord.Consensus

    def shown(self, op: str, returned: Any) -> Any:
        return plain(returned)


class Votes(Component):
    def build(self) -> None:
        self.manager = coord.VoteBook(self.bench.store).bind(clock=self.bench.clock)

    def shown(self, op: str, returned: Any) -> Any:
        return plain(returned)

    def state(self) -> dict[str, Any]:
        return {vote_id: plain(self.manager.get_vote(vote_id)) for vote_id in self.manager}


class Negotiations(Component):
    """Sessions are called s1, s2 and their proposals p1, p2, in order."""

    def build(self) -> None:
        rules = coord.NegotiationRules(**self.bench.setup.get("rules", {}))
        self.manager = coord.NegotiationProtocol.with_rules(
            rules, store=self.bench.store, clock=self.bench.clock
        )

    def call(self, target: Any, op: str, args: dict[str, Any]) -> Any:
        asked = args.get("proposal_id")
        if asked is not None:
            history = self.manager.get_session(args["session_id"]).history
            args["proposal_id"] = history[int(asked[1:]) - 1].id
        returned = super().call(target, op, args)
        if op == "create_session":
            self.ids[f"s{len(self.ids) + 1}"] = returned
        return returned

    def shown(self, op: str, returned: Any) -> Any:
        names = {real: name for name, real in self.ids.items()}
        return [names[each] for each in returned] if isinstance(returned, list) else returned

    def state(self) -> dict[str, Any]:
        return {name: self._session(self.manager.get_session(real)) for name, real in self.ids.items()}

    def _session(self, session: coord.NegotiationSession) -> dict[str, Any]:
        return {
            "state": session.state.value,
            "rounds": len(session.history),
            "current": session.current_proposal.content,
            "proposer": session.current_proposal.proposer_id,
            "accepted_by": sorted(session.accepted_by),
            "reason": session.reason,
            "participants": session.participants,
        }


def auction_rules(fields: dict[str, Any]) -> coord.AuctionRules:
    return coord.AuctionRules(**fields)


def auction_state(auction: coord.BiddingProtocol) -> dict[str, Any]:
    result = auction.result()
    closes_at = auction.closes_at
    # On a shared store sealed bids are kept back; a vector may look at them all the same.
    bids = auction.store.get(f"auc:{auction.auction_id}").bids.values()
    return {
        "winner": result and result.winner,
        "price": result and result.price,
        "reason": result and result.reason,
        "runner_up": result and result.runner_up,
        "degenerate": result is not None and result.degenerate,
        "status": auction.status,
        "rounds": auction.rounds,
        "active": auction.active,
        "current_price": auction.current_price,
        "leader": auction.leader,
        "min_next_bid": auction.min_next_bid,
        "closes_at": None if closes_at is None else round((closes_at - auction.opened_at) * 1000) / 1000,
        "bids": {bid.agent: float(bid.amount) for bid in bids},
    }


class Auctions(Component):
    def build(self) -> None:
        setup = self.bench.setup
        self.manager = coord.BiddingProtocol.with_rules(
            auction_rules(setup.get("rules", {})),
            auction_type=setup["auction_type"],
            auction_id=setup.get("auction_id"),
            store=self.bench.store,
            clock=self.bench.clock,
        )

    def shown(self, op: str, returned: Any) -> Any:
        return plain(returned)

    def reason(self) -> str:
        return self.manager.last_rejection

    def state(self) -> dict[str, Any]:
        return auction_state(self.manager)


class Delegations(Component):
    """Delegations are called d1, d2, in order."""

    def build(self) -> None:
        pools = coord.PoolManager(self.bench.store).bind(clock=self.bench.clock)
        self.objects["pools"] = pools
        self.manager = coord.DelegationProtocol().bind(
            store=self.bench.store, clock=self.bench.clock, pools=pools
        )
        self.began_ms = self.bench.clock.now_ms()

    def call(self, target: Any, op: str, args: dict[str, Any]) -> Any:
        returned = super().call(target, op, args)
        if op == "delegate":
            self.ids[f"d{len(self.ids) + 1}"] = returned
        return returned

    def shown(self, op: str, returned: Any) -> Any:
        names = {real: name for name, real in self.ids.items()}
        if isinstance(returned, list):
            return [names.get(each, each) for each in returned]
        return names.get(returned, returned) if isinstance(returned, str) else returned

    def state(self) -> dict[str, Any]:
        grants = self.manager.delegations
        return {name: self._grant(grants[real]) for name, real in self.ids.items()}

    def _grant(self, grant: dict[str, Any]) -> dict[str, Any]:
        until = grant["expires_ms"]
        return {**grant, "expires_at": None if until is None else (until - self.began_ms) / 1000}


class Executing(Component):
    """Decisions of several agents, on managers that they share."""

    def build(self) -> None:
        store, clock = self.bench.store, self.bench.clock
        self.pools = coord.PoolManager(store).bind(clock=clock)
        self.tasks = coord.TaskManager(store).bind(clock=clock, pools=self.pools)
        self.grants = coord.DelegationProtocol().bind(store=store, clock=clock, pools=self.pools)
        self.negotiations = coord.NegotiationProtocol().bind(store=store, clock=clock)
        managers = {"negotiation": self.negotiations, "delegation": self.grants}
        self.objects.update(managers, tasks=self.tasks, pools=self.pools)
        self.votes: dict[str, list[tuple[str, Any]]] = {}
        self.auctions = {
            name: coord.BiddingProtocol.with_rules(
                auction_rules(each.get("rules", {})),
                auction_type=each["auction_type"],
                auction_id=name,
                store=store,
                clock=clock,
            )
            for name, each in self.bench.setup.get("auctions", {}).items()
        }

    def call(self, target: Any, op: str, args: dict[str, Any]) -> Any:
        if target is not self:
            return getattr(target, op)(**args)
        executor = coord.StandardExecutor(
            args["agent"],
            None,
            self.tasks,
            self.pools,
            bidding_protocols=self.auctions,
            negotiation_protocol=self.negotiations,
            delegation_protocol=self.grants,
            votes_store=self.votes,
        )
        return asyncio.run(executor.execute(args["decisions"]))

    def shown(self, op: str, returned: Any) -> Any:
        return [self._result(each) for each in returned] if op == "execute" else returned

    def _result(self, result: coord.DecisionResult) -> dict[str, Any]:
        value = result.value.id if isinstance(result.value, coord.Pool) else result.value
        if isinstance(result.decision, coord.Delegate) and result.ok:
            self.ids[f"d{len(self.ids) + 1}"] = value
            value = f"d{len(self.ids)}"
        return {"ok": result.ok, "value": value, "error": builtin_of(result.error.partition(":")[0])}

    def state(self) -> dict[str, Any]:
        return {
            "votes": {vote_id: [list(each) for each in votes] for vote_id, votes in self.votes.items()},
            "tasks": Tasks.state(self),
            "auctions": {name: auction_state(auction) for name, auction in self.auctions.items()},
            "pools": {pool.id: {"agents": sorted(pool.agents)} for pool in self.pools.list_pools()},
        }


def builtin_of(name: str) -> str | None:
    """The builtin exception that one of this name is."""
    found = getattr(coord, name, None)
    return (
        next((base.__name__ for base in found.__mro__ if hasattr(builtins, base.__name__)), None)
        if found
        else name
    )


class Mirrored(Component):
    """Auctions and a vote, and the Signals that would tell of them on a bus."""

    def build(self) -> None:
        self.bound = {"store": self.bench.store, "clock": self.bench.clock}
        self.book = coord.VoteBook(self.bench.store).bind(clock=self.bench.clock)

    def call(self, target: Any, op: str, args: dict[str, Any]) -> Any:
        return getattr(self, op)(**args)

    def open_auction(self, auction_id, auction_type, rules=None, lot=None):
        self.auction = coord.BiddingProtocol.with_rules(
            auction_rules(rules or {}),
            auction_type=auction_type,
            auction_id=auction_id,
            lot=lot,
            **self.bound,
        )

    def bid(self, agent_id, amount):
        return self.auction.submit_bid(agent_id, amount)

    def resolve(self):
        return self.auction.resolve()

    def open_vote(self, vote_id, **rules):
        self.vote_id = self.book.open_vote(vote_id, **rules)

    def cast(self, agent_id, option):
        return self.book.cast(self.vote_id, agent_id, option)

    def close_vote(self):
        return self.book.close(self.vote_id)

    def signals(self) -> list[dict[str, Any]]:
        fields = [signal_fields(event) for _, event in self.bench.store.events(0)]
        # A CONTEXT_SYNC says what there is; vectors list what happened.
        return [
            {"type": type, "directed": directed, "payload": payload}
            for type, directed, payload in fields
            if type != "CONTEXT_SYNC"
        ]


COMPONENTS: dict[str, type[Component]] = {
    "bidding": Auctions,
    "consensus": Counting,
    "delegation": Delegations,
    "executor": Executing,
    "mirror": Mirrored,
    "negotiation": Negotiations,
    "pools": Pools,
    "tasks": Tasks,
    "votebook": Votes,
}
