"""What coordination means, in sentences, filters and the state of a trace."""

from __future__ import annotations

import pytest

from cosmo_doppler.model.coordination.notice import KINDS, about_of
from cosmo_doppler.model.coordination.reading import short_name
from cosmo_doppler.model.explain import explain
from cosmo_doppler.model.sayings import describe
from cosmo_doppler.query import Known, QueryError, Sieve, compile_filter
from cosmo_doppler.store import Store
from cosmo_sdk.coordination import Task
from cosmo_sdk.header import read_header
from tests.doppler.model.afternoon import afternoon
from tests.doppler.model.coordinating import BEGIN, Told, busy
from tests.doppler.model.folding import fold, frame, observed


def test_every_event_of_a_busy_store_is_a_sentence_and_a_short_line():
    told = Told()
    afternoon(told)
    seen = observed(told.frames())
    board = told.board()
    said = {about_of(each.header).event: explain(each, board) for each in seen}
    assert len(said) > 20
    assert all(sentence.endswith(" (mirrored)") and len(sentence) < 300 for sentence in said.values())
    assert all(describe(each.header).split()[0] in KINDS for each in seen)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ("joined", "cat joins pool p; 2 are in it now"),
        ("claimed", "ann has task t, for 30.0 s (attempt 1)"),
        ("completed", "ann finishes task t: “clean”"),
        ("proposed", "bob proposes “{\"price\":8}” instead, in negotiation n"),
        ("cast", "ann votes for “yes” in vote v"),
        ("closed", "Vote v lacks its quorum, so it decides nothing (1 there, 2 needed)"),
        ("opened", "Auction e takes bids (English, the highest wins): “a boat”"),
        ("bid", "ann bids 100 in auction e, and leads"),
        ("sold", "ann wins auction e at 100"),
        ("granted", "boss lets ann do topic:*"),
        ("revoked", "boss takes back what boss let ann do, and all that came from it"),
    ],
)  # fmt: skip
def test_an_event_is_told_as_what_it_means(event, sentence):
    told = Told()
    told.pools.create_pool({"id": "p"})
    for agent in ("ann", "cat"):
        told.pools.join_pool(agent, "p")
    told.tasks.submit(Task("t", "wash", constraints={"claim_ttl_sec": 30}))
    told.tasks.claim("ann", "t")
    told.tasks.report("ann", "t", "clean")
    deal = told.negotiation.create_session("ann", ["bob"], {"price": 10})
    told.negotiation.propose(deal, "bob", {"price": 8})
    told.votes.open_vote("v", ["yes"], ["ann", "bob"], quorum=2)
    told.votes.cast("v", "ann", "yes")
    told.votes.close("v")
    auction = told.auction("english", "e", {"text": "a boat"}, start=100)
    auction.submit_bid("ann", 100)
    auction.resolve()
    grant = told.delegation.delegate("boss", "ann", ["topic:*"])
    told.delegation.revoke(grant, agent_id="boss")
    board = told.board()
    seen = [each for each in observed(told.frames()) if about_of(each.header).event == event]
    expected = f"{sentence} (mirrored)".replace("negotiation n", f"negotiation {short_name(deal)}")
    assert explain(seen[-1], board) == expected


def test_filters_pick_signals_of_coordination():
    told = Told()
    busy(told)
    store = Store()
    for at, data in told.frames():
        store.append(at, "cosmonapse.dev.X", data)
    store.append(BEGIN + 99, "cosmonapse.dev.X", frame("MEMORY_APPEND", "z", key="coord/vote/v1"))

    def count(text):
        return len(Sieve(compile_filter(text), store, Known(None, 0.0)).pick(0, len(store)))

    assert (count("coord:vote"), count("coord:*"), count("coord.event:cast")) == (5, len(told.frames()), 3)
    assert (count("coord.id:t1"), count("coord.id:t1 coord.event:released"), count("-coord:*")) == (4, 1, 1)
    with pytest.raises(QueryError):
        compile_filter("coord:votes")


def test_a_trace_that_only_tells_of_an_object_stands_as_the_object_does():
    told = Told()
    told.tasks.submit(Task("t1", {"text": "wash"}))
    told.tasks.submit(Task("t2"))
    told.tasks.claim("ann", "t1")
    told.tasks.fail_task("t2", "no water")
    auction = told.auction("english", "e", {"text": "a boat"}, start=1)
    auction.submit_bid("ann", 1)
    board = told.board(until=60)
    stands = {trace.title: trace.status for trace in board.traces.values()}
    assert stands == {"task t1: wash": "open", "task t2": "failed", "a boat": "open"}
    told.tasks.report("ann", "t1", 1)
    auction.resolve()
    board = told.board(until=60)
    stands = {trace.title: trace.status for trace in board.traces.values()}
    assert stands == {"task t1: wash": "done", "task t2": "failed", "a boat": "done"}


def test_a_mirrored_award_leaves_nobody_at_work_in_the_trace_it_is_part_of():
    told = Told()
    auction = told.auction("english", "e", start=1)
    auction.submit_bid("ann", 1)
    auction.resolve()
    work = frame("TASK", "w", trace="1", who="boss", input="sell it")
    [(_, opened), *_] = told.frames()
    trace_id = read_header(opened).trace_id
    frames = [(at, data.replace(trace_id.encode(), b"trc_1")) for at, data in told.frames()]
    board = fold(
        (BEGIN - 1.0, work), *frames, (BEGIN + 1.0, frame("AGENT_OUTPUT", "o", parent="w", who="boss"))
    )
    trace = board.traces["trc_1"]
    assert (trace.status, dict(trace.working)) == ("done", {})
