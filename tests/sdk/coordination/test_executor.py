"""Decisions: decoded from JSON, done in order, and returned by a Neuron on a bus."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_sdk import Axon, Dendrite, MemorySynapse
from cosmo_sdk.coordination import (
    AcceptProposal,
    BiddingProtocol,
    ClaimTask,
    CoordinationError,
    Decision,
    DelegationProtocol,
    MetricsCollector,
    NegotiationProtocol,
    PoolManager,
    Propose,
    RejectProposal,
    ReportTask,
    RevokeDelegation,
    SendMessage,
    StandardExecutor,
    SubmitBid,
    SubmitTask,
    Task,
    TaskManager,
    Vote,
    VoteBook,
    aio,
    decode_decision,
)
from cosmo_sdk.coordination.executor import Executor


class Dance(Decision):
    steps: int


@pytest.fixture
def tasks(store, clock):
    return TaskManager(store).bind(clock=clock)


def executor(tasks, agent="me", **parts) -> StandardExecutor:
    return StandardExecutor(agent, None, tasks, PoolManager(tasks.store), **parts)


def test_decisions_come_from_json():
    assert decode_decision({"type": "Vote", "vote_id": "v", "option": ["x"], "mood": "good"}) == Vote(
        "v", ["x"]
    )
    assert decode_decision({"type": "SubmitTask", "task": {"id": "t"}}).task == Task("t")
    assert decode_decision({"type": "Dance", "steps": 3}, [Dance]) == Dance(3)
    assert decode_decision(ClaimTask("t")) == ClaimTask("t")
    for wrong in ({"type": "Dance", "steps": 3}, {"type": 7}, "Vote", {}, {"type": "Vote"}):
        with pytest.raises(CoordinationError):
            decode_decision(wrong)


async def test_a_negotiation_by_decisions(tasks, store):
    protocol = NegotiationProtocol().bind(store=store)
    first = protocol.create_session("you", ["me"], 1)
    acting = executor(tasks, negotiation_protocol=protocol)
    proposal = protocol.sessions[first].current_proposal.id
    results = await acting.execute(
        [
            Propose(first, 2),
            AcceptProposal(first),
            AcceptProposal(first, proposal),
            RejectProposal(first, proposal),
        ]
    )
    assert [result.ok for result in results] == [True, False, False, False]
    assert [result.value for result in await acting.execute([RejectProposal(first)])] == [True]


async def test_votes_go_to_a_book_or_to_a_plain_dict(tasks, store):
    book, plain = VoteBook(store), {}
    book.open_vote("v", ["x"])
    for votes, oks in ((book, [True, False, False]), (plain, [True, True, True])):
        results = await executor(tasks, votes_store=votes).execute(
            [Vote("v", "x"), Vote("v", "y"), Vote("w", "x")]
        )
        assert [result.ok for result in results] == oks
    assert plain == {"v": [("me", "x"), ("me", "y")], "w": [("me", "x")]}


async def test_only_what_is_allowed_is_done(tasks):
    acting = executor(tasks, allowed={"SubmitTask"})
    results = await acting.execute([SubmitTask(Task("t")), ClaimTask("t")])
    assert [result.ok for result in results] == [True, False]
    assert results[1].error == "NotAuthorizedError: agent 'me' is not authorized to decide ClaimTask"
    assert tasks.get_task("t").assigned_to is None


async def test_what_is_missing_is_named_and_the_rest_goes_on(tasks, caplog):
    counts = MetricsCollector()
    results = await executor(tasks, metrics_collector=counts).execute(
        [
            Vote("v", 1),
            SubmitBid("a", 1),
            RevokeDelegation("d"),
            SendMessage("hi"),
            Dance(1),
            SubmitTask(Task("t")),
            ReportTask("t", object()),
        ]
    )
    assert [result.ok for result in results] == [False, False, False, False, False, True, False]
    named = ("votes_store", "no auction 'a'", "delegation_protocol", "no network", "Dance")
    for result, words in zip(results, named, strict=False):
        assert words in result.error
    assert results[-1].error.startswith("TypeError: result")
    assert counts.snapshot() == {"decision_ok_total": 1, "decision_failed_total": 6}
    assert len(caplog.records) == 6
    # A refusal is said in words; a traceback is for what nobody expected.
    assert [record.exc_info is not None and bool(record.exc_info) for record in caplog.records] == [
        False
    ] * 5 + [True]


async def test_own_decisions_networks_and_slow_managers(tasks):
    sent, danced = [], []

    class Network:
        async def send(self, message):
            sent.append(message)
            return "sent"

    async def dance(decision: Dance):
        danced.append(decision.steps)
        return True

    acting = StandardExecutor("me", Network(), aio(tasks), aio(PoolManager()), custom_handlers={Dance: dance})
    results = await acting.execute(
        [SendMessage({"to": "you"}), {"type": "Dance", "steps": 2}, SubmitTask(Task("t")), ClaimTask("t")]
    )
    assert [result.value for result in results] == ["sent", True, "t", True]
    assert (sent, danced) == ([{"to": "you"}], [2])
    fits: Executor = acting
    assert await fits.execute([]) == []


async def test_being_cancelled_ends_the_batch(tasks):
    class Network:
        async def send(self, message):
            raise asyncio.CancelledError

    acting = StandardExecutor("me", Network(), tasks, PoolManager())
    with pytest.raises(asyncio.CancelledError):
        await acting.execute([SendMessage(1), SubmitTask(Task("t"))])
    assert tasks.get_task("t") is None


async def test_a_neuron_decides_and_its_output_has_the_results(tasks, store, clock):
    auction = BiddingProtocol().bind(store=store)
    acting = executor(tasks, "digger", bidding_protocols={"spade": auction})
    tasks.submit(Task("hole"))

    async def decide(input, context):
        return {
            "why": input["why"],
            "decisions": [ClaimTask("hole"), {"type": "SubmitBid", "auction_id": "spade", "amount": 5}],
        }

    synapse = MemorySynapse()
    worker = Dendrite(synapse=synapse, namespace="dev", dendrite_id="host", role="worker")
    worker.attach_axon(acting.attach(Axon(neuron_id="digger", neuron_fn=decide)))
    async with worker, Dendrite(synapse=synapse, namespace="dev", dendrite_id="desk", heartbeat_s=0) as desk:
        reply = await desk.dispatch_and_wait(neuron="digger", input={"why": "water"}, scope="terminal")
    await synapse.close()
    assert reply.payload["result"] == {
        "why": "water",
        "decisions": [
            {"type": "ClaimTask", "ok": True, "value": True, "error": ""},
            {"type": "SubmitBid", "ok": True, "value": True, "error": ""},
        ],
    }
    assert tasks.get_task("hole").assigned_to == "digger"
    opened = next(event for _, event in store.events(0) if event.kind == "auction.opened")
    assert opened.trace_id == reply.trace_id


async def test_a_neuron_may_return_decisions_alone_or_none(tasks):
    acting = executor(tasks)
    assert await acting.output_of("words") is None
    assert await acting.output_of({"type": "weather"}) is None
    assert await acting.output_of([]) is None
    assert await acting.output_of([{"type": "ClaimTask", "task_id": "t"}, "words"]) is None
    shown = {"type": "SubmitTask", "ok": True, "value": "t", "error": ""}
    assert await acting.output_of(SubmitTask(Task("t"))) == {"decisions": [shown]}
    assert await acting.output_of([{"type": "SubmitTask", "task": {"id": "t"}}]) == {"decisions": [shown]}
    odd = await acting.output_of({"decisions": [{"type": "Sing"}, 7]})
    assert [each["type"] for each in odd["decisions"]] == ["Sing", "int"]
    assert not any(each["ok"] for each in odd["decisions"])


async def test_a_delegation_is_revoked_in_the_agents_name(tasks, store):
    protocol = DelegationProtocol().bind(store=store)
    first = protocol.delegate("you", "them", ["a"])
    acting = executor(tasks, delegation_protocol=protocol)
    assert [result.ok for result in await acting.execute([RevokeDelegation(first)])] == [False]
    assert protocol.active(first)
