"""For people who test their agents.

    ManualClock, FixedIds, settle   time that moves when told to, ids that count, a loop that comes to rest
    a_task, a_bid, an_award, ...    a valid Signal of any type in one short call
    Story                           a whole trace, each Signal caused by the one before
    ScriptedSynapse, Rule           a bus in memory that remembers, and answers in place of who is not there
    BusInThread                     a real bus, for tests with a loop, without one, and for other processes
    Auction, RecordedBid            a recorded round of bidding, held again for a producer under test
    Transcript, Which, draw         what crossed a bus: to ask about, and to read as a tree

With pytest, `cosmo_bus`, `cosmo_synapse`, `cosmo_clock` and `cosmo_dendrite` are fixtures, and `--cosmo-record` leaves a
recording of what crossed the bus of a failing test. Outside of pytest everything here works as well.
"""

from cosmo_sdk.testing.auction import Auction, RecordedBid, Round
from cosmo_sdk.testing.builders import (
    a_bid,
    a_clarification,
    a_clarification_answer,
    a_consensus,
    a_context_sync,
    a_critique,
    a_decline,
    a_deregister,
    a_discover,
    a_final,
    a_heartbeat,
    a_memory_append,
    a_permission,
    a_permission_decision,
    a_plan,
    a_recall,
    a_recalled,
    a_register,
    a_stop,
    a_stopped,
    a_task,
    a_thought_delta,
    a_tool_call,
    a_tool_result,
    an_audit,
    an_award,
    an_error,
    an_escalation,
    an_imprint,
    an_imprinted,
    an_offer,
    an_output,
)
from cosmo_sdk.testing.bus import BusInThread
from cosmo_sdk.testing.clock import START, ManualClock, settle
from cosmo_sdk.testing.ids import FixedIds
from cosmo_sdk.testing.pattern import Pattern, Which
from cosmo_sdk.testing.script import Rule
from cosmo_sdk.testing.story import Story
from cosmo_sdk.testing.synapse import ScriptedSynapse
from cosmo_sdk.testing.transcript import Transcript
from cosmo_sdk.testing.tree import draw

__all__ = [
    "START",
    "Auction",
    "BusInThread",
    "FixedIds",
    "ManualClock",
    "Pattern",
    "RecordedBid",
    "Round",
    "Rule",
    "ScriptedSynapse",
    "Story",
    "Transcript",
    "Which",
    "a_bid",
    "a_clarification",
    "a_clarification_answer",
    "a_consensus",
    "a_context_sync",
    "a_critique",
    "a_decline",
    "a_deregister",
    "a_discover",
    "a_final",
    "a_heartbeat",
    "a_memory_append",
    "a_permission",
    "a_permission_decision",
    "a_plan",
    "a_recall",
    "a_recalled",
    "a_register",
    "a_stop",
    "a_stopped",
    "a_task",
    "a_thought_delta",
    "a_tool_call",
    "a_tool_result",
    "an_audit",
    "an_award",
    "an_error",
    "an_escalation",
    "an_imprint",
    "an_imprinted",
    "an_offer",
    "an_output",
    "draw",
    "settle",
]
