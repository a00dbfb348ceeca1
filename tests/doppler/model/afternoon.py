"""An afternoon at a mill: everything that can be coordinated, some of it under way when it ends."""

from __future__ import annotations

from typing import Any

from cosmo_sdk.coordination import Task
from tests.doppler.model.coordinating import Told

CREW = ("ann", "bob", "cat", "dan", "eve")


def afternoon(told: Told) -> None:
    """Have it happen. The clock is moved along."""
    _pools(told)
    _tasks(told)
    deal = _bargain(told)
    _votes(told)
    _auctions(told)
    _delegations(told)
    told.clock.advance(2)
    told.negotiation.propose(deal, "cat", {"price": 11, "days": 3, "where": "at the mill"})
    told.negotiation.accept(deal, "ann")


def _pools(told: Told) -> None:
    admission = {"mode": "capability", "required_capabilities": ["lift"], "max_agents": 4}
    told.pools.create_pool({"id": "movers", "topics": ["boxes", "sacks"], "admission_policy": admission})
    told.pools.create_pool({"id": "millers", "governance": {"method": "majority", "quorum": "1/2"}})
    for agent in CREW[:3]:
        told.pools.join_pool(agent, "movers", capabilities=["lift"])
    told.pools.join_pool("eve", "movers", capabilities=["sing"])
    for agent in CREW:
        told.pools.join_pool(agent, "millers")
    told.clock.advance(1)


def _tasks(told: Told) -> None:
    for number, (what, priority) in enumerate(_WORK, 1):
        limits: dict[str, Any] = {"claim_ttl_sec": 30, "max_attempts": 3}
        told.tasks.submit(
            Task(f"t{number}", {"text": what}, constraints=limits, pool_id="movers", priority=priority)
        )
    told.tasks.claim("ann", "t1")
    told.tasks.start("ann", "t1")
    told.clock.advance(4)
    told.tasks.report("ann", "t1", {"sacks": 40})
    told.tasks.claim("bob", "t2")
    told.tasks.start("bob", "t2")
    told.clock.advance(3)
    told.tasks.claim("cat", "t3")
    told.tasks.claim("dan", "t4")
    told.tasks.fail_task("t4", {"error": "the door is locked"}, agent_id="dan")
    told.tasks.cancel_task("t5")


_WORK = (
    ("carry forty sacks to the loft", 5),
    ("oil the great wheel", 9),
    ("sweep the floor", 0),
    ("fetch the keys of the shed", 2),
    ("paint the sign", -1),
    ("count the rats", 0),
    ("mend the sluice before the rain comes", 7),
)


def _bargain(told: Told) -> str:
    deal = told.negotiation.create_session("ann", ["bob", "cat"], {"price": 10, "days": 2})
    told.clock.advance(3)
    told.negotiation.propose(deal, "bob", {"price": 14, "days": 2, "where": "in town"})
    told.negotiation.accept(deal, "cat")
    told.clock.advance(2)
    told.negotiation.propose(deal, "ann", {"price": 11, "days": 2, "where": "in town"})
    short = told.negotiation.create_session("dan", ["eve"], "half of the apples")
    told.negotiation.reject(short, "eve")
    return deal


def _votes(told: Told) -> None:
    told.votes.open_vote("close at five", ["yes", "no"], pool_id="millers", duration_s=90)
    told.votes.cast("close at five", "ann", "yes")
    told.votes.cast("close at five", "bob", "no")
    told.votes.cast("close at five", "cat", "yes")
    told.votes.open_vote("new foreman", ["ann", "bob", "dan"], list(CREW), secret=True, method="plurality")
    for agent, option in (("ann", "bob"), ("bob", "ann"), ("eve", "dan")):
        told.votes.cast("new foreman", agent, option)
    told.votes.open_vote("buy a cat", ["yes", "no"], list(CREW), quorum=4, method="supermajority")
    told.votes.cast("buy a cat", "dan", "yes")
    told.votes.close("buy a cat")
    told.clock.advance(1)


def _auctions(told: Told) -> None:
    boat = told.auction(
        "english", "a-boat", {"text": "an old boat"}, start=100, increment=10, duration_s=60, reserve=150
    )
    boat.submit_bid("ann", 100)
    boat.submit_bid("bob", 105)
    told.clock.advance(4)
    boat.submit_bid("bob", 110)
    boat.submit_bid("ann", 130)
    sealed = told.auction(
        "second_price_sealed_bid", "a-roof", "thatch the roof", direction="reverse", duration_s=45
    )
    sealed.submit_bid("dan", 60)
    sealed.submit_bid("eve", 72)
    sold = told.auction("second_price_sealed_bid", "a-cart", "a cart")
    for agent, amount in (("ann", 40), ("bob", 55), ("cat", 52)):
        sold.submit_bid(agent, amount)
    sold.resolve()
    told.auction("dutch", "a-flour", "flour, ten sacks", start=20, step=1.5, step_s=8, limit=5)
    nothing = told.auction("english", "a-hat", "a straw hat", start=1)
    nothing.resolve()


def _delegations(told: Told) -> None:
    root = told.delegation.delegate("owner", "ann", ["mill:*", "shed:*"], max_depth=3)
    mill = told.delegation.delegate("ann", "bob", ["mill:*"], parent_id=root, max_depth=2, expires_in_s=600)
    told.delegation.delegate("bob", "cat", ["mill:wheel"], parent_id=mill, max_depth=1)
    shed = told.delegation.delegate("ann", "dan", ["shed:*"], parent_id=root, max_depth=1)
    told.delegation.delegate("dan", "eve", ["shed:keys"], parent_id=shed)
    told.delegation.revoke(shed, agent_id="eve")
    told.delegation.revoke(shed, agent_id="owner")
    told.clock.advance(24)
