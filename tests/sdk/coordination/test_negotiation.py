"""Negotiations: what is told of them, what several processes see, and what cannot be asked."""

from __future__ import annotations

import threading

import pytest

from cosmo_sdk.coordination import (
    CoordinationMetrics,
    MetricsCollector,
    NegotiationProtocol,
    NegotiationRules,
    NegotiationSession,
    NegotiationState,
    Proposal,
)


@pytest.fixture
def protocol(store, clock):
    return NegotiationProtocol().bind(store=store, clock=clock)


def test_alone_it_works_in_memory():
    protocol = NegotiationProtocol()
    first = protocol.create_session("ann", ["bob"], {"price": 1})
    session = protocol.get_session(first)
    assert protocol.sessions == {first: session}
    assert first.startswith("neg_")
    assert session.history == [session.current_proposal]
    assert protocol.propose(first, "bob", {"price": 2})
    assert session.state is NegotiationState.COUNTERED
    assert session.current_proposal.content == {"price": 2}
    assert protocol.accept(first, "ann", proposal_id=session.current_proposal.id)
    assert session.state is NegotiationState.ACCEPTED
    assert protocol.get_session("nobody") is None


def test_records_can_be_made_by_hand():
    proposal = Proposal(proposer_id="ann", content=1)
    session = NegotiationSession("s", ["ann", "bob"], [proposal], NegotiationState.PROPOSED, proposal)
    assert (proposal.id[:4], proposal.timestamp, session.owner) == ("prp_", 0.0, "ann")
    assert NegotiationSession().state is NegotiationState.PROPOSED


def test_two_protocols_on_one_store_see_the_same(store, clock):
    mine, theirs = (NegotiationProtocol().bind(store=store, clock=clock) for _ in range(2))
    first = mine.create_session("ann", ["bob"], 1)
    held = mine.get_session(first)
    assert theirs.propose(first, "bob", 2)
    assert mine.sessions[first] is held
    assert held.current_proposal.content == 2
    assert held.current_proposal.timestamp == clock.now_ms() / 1000
    assert theirs.sessions_for("bob") == [first]
    assert theirs.sessions_for("eve") == []


def test_of_many_who_try_only_one_ends_it(store):
    protocol = NegotiationProtocol().bind(store=store)
    others = [f"a{number}" for number in range(8)]
    first = protocol.create_session("ann", others, 1)
    ended = []
    together = threading.Barrier(len(others))

    def reject(agent: str) -> None:
        together.wait()
        if protocol.reject(first, agent):
            ended.append(agent)

    threads = [threading.Thread(target=reject, args=(agent,)) for agent in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == 1
    assert protocol.get_session(first).state is NegotiationState.REJECTED


def test_every_acceptance_of_a_crowd_counts(store):
    protocol = NegotiationProtocol().bind(store=store)
    others = [f"a{number}" for number in range(8)]
    first = protocol.create_session("ann", others, 1)
    threads = [threading.Thread(target=protocol.accept, args=(first, agent)) for agent in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session = protocol.get_session(first)
    assert (session.state, session.accepted_by) == (NegotiationState.ACCEPTED, others)


def test_time_runs_out_also_for_who_only_looks(store, clock, kinds):
    protocol = NegotiationProtocol.with_rules(NegotiationRules(ttl_s=1.5), store=store, clock=clock)
    first = protocol.create_session("ann", ["bob"], 1)
    clock.advance(1.499)
    assert protocol.get_session(first).state is NegotiationState.PROPOSED
    clock.advance(0.001)
    assert protocol.get_session(first).state is NegotiationState.CLOSED
    assert protocol.get_session(first).reason == "expired"
    assert kinds() == ["negotiation.opened", "negotiation.closed", "negotiation.ended"]


@pytest.mark.parametrize(
    ("initiator", "others", "proposal", "error"),
    [
        ("ann", [], 1, ValueError),
        ("ann", ["ann"], 1, ValueError),
        ("ann", "bob", 1, TypeError),
        ("", ["bob"], 1, ValueError),
        ("ann", [7], 1, TypeError),
        ("ann", ["bob"], {1, 2}, TypeError),
    ],
)
def test_what_cannot_be_negotiated(initiator, others, proposal, error, protocol, kinds):
    with pytest.raises(error):
        protocol.create_session(initiator, others, proposal)
    assert kinds() == []


def test_rules_that_make_no_sense_are_refused():
    for rules in ({"turns": "random"}, {"acceptance": "most"}, {"max_rounds": 0}, {"ttl_s": -1}):
        with pytest.raises(ValueError, match=next(iter(rules))):
            NegotiationRules(**rules)
    with pytest.raises(TypeError):
        NegotiationProtocol.with_rules({"turns": "free"})


def test_what_is_told_of_an_agreement(protocol, store, clock):
    counts = MetricsCollector()
    protocol.bind(metrics=CoordinationMetrics(counts))
    first = protocol.create_session("ann", ["bob", "cat"], {"p": 1})
    protocol.propose(first, "bob", {"p": 2})
    protocol.accept(first, "ann")
    protocol.accept(first, "cat")
    told = [event for _, event in store.events(0)]
    assert [event.kind for event in told] == [
        "negotiation.opened",
        "negotiation.proposed",
        "negotiation.accepted_by",
        "negotiation.accepted_by",
        "negotiation.agreed",
    ]
    session = protocol.get_session(first)
    assert told[1].body == {
        "event": "proposed",
        "state": "countered",
        "agent": "bob",
        "proposal_id": session.current_proposal.id,
        "round": 2,
        "participants": ["ann", "bob", "cat"],
        "accepted_by": [],
        "content": {"p": 2},
    }
    assert "content" not in told[2].body
    assert told[4].body == {
        "members": ["ann", "bob", "cat"],
        "verdict": "accepted",
        "votes": {"ann": "accepted", "bob": "proposed", "cat": "accepted"},
        "negotiation": {
            "id": first,
            "proposal_id": session.current_proposal.id,
            "content": {"p": 2},
            "rounds": 2,
            "reason": "accepted",
        },
    }
    assert {event.parent for event in told[1:]} == {told[0].id}
    assert counts.snapshot() == {
        "negotiation_proposed_total": 1,
        "negotiation_countered_total": 1,
        "negotiation_accepted_total": 1,
    }


def test_what_is_told_of_an_end_without_agreement(protocol, store):
    first = protocol.create_session("ann", ["bob", "cat", "dan"], 1)
    protocol.accept(first, "cat")
    protocol.reject(first, "bob")
    second = protocol.create_session("ann", ["bob"], 1)
    protocol.close(second, reason="lunch")
    ends = [event.body for _, event in store.events(0) if event.kind == "negotiation.ended"]
    assert ends[0]["verdict"] == "rejected"
    assert ends[0]["votes"] == {"ann": "proposed", "bob": "rejected", "cat": "accepted", "dan": "silent"}
    assert (ends[1]["verdict"], ends[1]["negotiation"]["reason"]) == ("closed", "lunch")
