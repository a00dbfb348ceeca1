"""Traces: one workflow each, how it stands, and its Pathway tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from cosmo_doppler.model.coordination.notice import PREFIX
from cosmo_doppler.model.node import MAX_DEPTH, Node, Placement, Portal
from cosmo_doppler.model.outline import Placed
from cosmo_doppler.model.packed import Packed, pack, pack_ends, pack_plain, unpack_ends
from cosmo_doppler.model.plain import Plain
from cosmo_doppler.model.spans import Span
from cosmo_doppler.model.stops import StopLedger
from cosmo_doppler.model.timing import Ended, Spans
from cosmo_doppler.model.tree import LARGE, Tree

__all__ = ["MAX_DEPTH", "OVER", "Node", "Placement", "Portal", "Trace", "TraceStatus"]

TraceStatus = Literal["open", "waiting", "done", "failed", "stopped"]
"""open: work goes on; waiting: on a human; done: FINAL, or output and nothing pending; failed: ERROR, or an
offer nobody bid on; stopped: a STOP before either."""

OVER: frozenset[TraceStatus] = frozenset({"done", "failed", "stopped"})
"""Statuses of a trace on which nothing is going on."""

_WORK = frozenset({"TASK", "TASK_AWARDED"})
"""Types that give somebody work."""

_REPLIES = frozenset({"AGENT_OUTPUT", "ERROR", "CLARIFICATION", "PERMISSION"})
_ENDS = _REPLIES | {"FINAL"}

DECISIVE = (
    _WORK
    | _ENDS
    | {"TASK_OFFER", "ESCALATION", "CLARIFICATION_ANSWER", "PERMISSION_DECISION", "STOP", "STOPPED"}
)
"""Types that may change how a trace stands. What bids and declines change is told to it by their auction."""

_NONE: Any = ()
"""What is nested in traces in which nothing is: whoever adds the first gives it a list of its own."""

_QUIET_S = 0.5
"""How long nothing must have come before a large trace may be gone through again, seconds."""


class Trace(Placed):
    """One workflow."""

    __slots__ = (
        "_bidding",
        "_ended",
        "_ends",
        "_failed_by_itself",
        "_final_at",
        "_load",
        "_on_rest",
        "_output_at",
        "_packed",
        "_pending",
        "_rest",
        "_told",
        "_tree",
        "_unsold",
        "_waiting_on",
        "_working",
        "auctions",
        "child_traces",
        "ended_at",
        "errors",
        "failed",
        "id",
        "last_at",
        "parent_trace",
        "plain",
        "resting",
        "spans",
        "started_at",
        "status",
        "stop",
        "stopped",
        "title",
        "title_type",
    )

    def __init__(
        self, id: str, started_at: float, on_rest: Callable[[Trace], None] = lambda trace: None
    ) -> None:
        self.block = self.end = None
        self.id = id
        self.started_at = started_at
        self.last_at = started_at
        """Arrival of the latest signal."""
        self.ended_at: float | None = None
        """Arrival of what ended it; None while open."""
        self.status: TraceStatus = "open"
        self.title = ""
        """What was asked, from the input of the first TASK or TASK_OFFER, one line, not yet safe for a terminal."""
        self.title_type = ""
        """Type of the signal the title came from."""
        self.plain: Plain | None = Plain()
        """Its signals, as long as each hangs under the one it names and nobody has looked at them; None from then on."""
        self._tree: Tree
        """What nobody asks for before that, nor while it is packed."""
        self._packed: Packed | None = None
        """Stands for the tree, and for all that has an end when a trace is over, while it is packed."""
        self._rest: tuple[Any, ...] | None = None
        """What of that had no end."""
        self._ends = b""
        """What stands for `_ended` meanwhile."""
        self._on_rest = on_rest
        self.resting = False
        """Over, or looked at again since it was packed; `on_rest` was told. Whoever packs it takes that back."""
        self.auctions: list[str] = []
        """Offer ids, by arrival."""
        self._bidding: set[str] = set()
        self.parent_trace: str | None = None
        """Trace of the event that caused this one, when that is another trace; or that of the first attempt at it."""
        self.child_traces: list[str] = _NONE
        self.errors = 0
        """ERROR signals seen."""
        self.failed = False
        """An ERROR was seen, and no new work since."""
        self.stopped = False
        """A STOP was seen."""
        self.stop: StopLedger | None = None
        """What became of the first one."""
        self._working: dict[str, float] = {}
        self._waiting_on: set[str] = set()
        self.spans: Spans | None = None
        """What lasted in it; only once somebody looked, or it grew large. Ask `timed` for it."""
        self._ended: dict[int, Ended] = {}
        """Ends that do not follow from the tree, by position of what began."""
        self._pending: dict[str, str] = {}
        """TASKs and awards not yet answered: who works on it, by event id."""
        self._load: dict[str, int] = {}
        """How many of them each participant has."""
        self._failed_by_itself = False
        """It had failed before the STOP came."""
        self._unsold = False
        """Nobody bid on an offer, and no new work since."""
        self._told: TraceStatus | None = None
        """How it stands where a mirror tells of an object: nothing on the bus says so itself."""
        self._final_at: float | None = None
        self._output_at: float | None = None

    @property
    def tree(self) -> Tree:
        """Its signals."""
        if self.plain is not None:
            self._tree = self.plain.grown(self.id, self._moved)
            self.plain = None
        elif self._packed is not None:
            self._unpack()
        return self._tree

    @property
    def by_id(self) -> dict[str, Node]:
        """Its nodes by event id."""
        return self.tree.by_id

    @property
    def bidding(self) -> set[str]:
        """Offer ids of the auctions still open."""
        if self._packed is not None:
            self._unpack()
        return self._bidding

    @property
    def working(self) -> dict[str, float]:
        """Participants with a TASK or award not yet answered, and since when they have been busy; `""` where a TASK
        names nobody."""
        if self._packed is not None:
            self._unpack()
        return self._working

    @property
    def waiting_on(self) -> set[str]:
        """Ids of requests nobody has answered yet."""
        if self._packed is not None:
            self._unpack()
        return self._waiting_on

    @property
    def ids(self) -> Iterable[str]:
        """The ids of its signals."""
        if self.plain is not None:
            return self.plain.ids
        return self._tree.by_id if self._packed is None else self._packed.ids

    @property
    def unknown_parents(self) -> Iterable[str]:
        """Ids of parents that are named here and were not seen on this trace."""
        if self.plain is not None:
            return ()
        return self._tree.unknown_parents if self._packed is None else self._packed.unknown_parents

    @property
    def rows(self) -> list[Node]:
        """Every node in display order: depth first, siblings by arrival."""
        return self.tree.rows

    @property
    def signals(self) -> int:
        """How many signals were seen."""
        if self.plain is not None:
            return len(self.plain.ids)
        return self._tree.size if self._packed is None else self._packed.size

    @property
    def began_with(self) -> tuple[int, str, str]:
        """Position, type and participant of the signal that came first; -1 and nothing before there is one."""
        if self._packed is not None:
            return self._packed.first
        if self.plain is not None:
            return self.plain.began_with
        arrivals = self._tree.arrivals
        return (arrivals[0].seq, arrivals[0].type, arrivals[0].who) if arrivals else (-1, "", "")

    @property
    def closed(self) -> bool:
        """Whether a FINAL or a STOP ended it, so that nobody waits for answers any more."""
        return self.stopped or self._final_at is not None

    def grow(self, node: Node) -> None:
        """Time a new signal of the tree, and write it down, when there are many or somebody looks."""
        if self.spans is not None and self.spans.built:
            self.spans.add(node)
        elif self.tree.size >= LARGE:
            _ = self.tree.outline
            self._time()

    def pack(self) -> None:
        """Take little room from now on, until somebody asks for something of it. Nothing else changes."""
        if self._packed is not None or self.spans is not None:
            return
        plain = self.plain
        packed = pack(self._tree) if plain is None else pack_plain(plain)
        if packed is None:
            return
        rest = self._pending, self._load, self._working, self._bidding, self._waiting_on
        self._rest = rest if any(rest) else None
        self._ends = pack_ends(self._ended)
        self._packed = packed
        if plain is None:
            self._tree.take_apart()
            del self._tree
        self.plain = None
        del self._ended, self._pending, self._load
        del self._working, self._bidding, self._waiting_on

    def _unpack(self) -> None:
        packed = self._packed
        if packed is None:
            return
        self._tree = packed.unpack(self.id, self._moved)
        rest = ({}, {}, {}, set(), set()) if self._rest is None else self._rest
        self._pending, self._load, self._working, self._bidding, self._waiting_on = rest
        self._ended = unpack_ends(self._ends)
        self._packed = self._rest = None
        self._ends = b""
        self._tell()

    def _tell(self) -> None:
        if not self.resting:
            self.resting = True
            self._on_rest(self)

    def open_portal(self, portal: Portal, cause: Node) -> None:
        """Another trace turned out to be part of what a signal of this one began."""
        self.tree.open_portal(portal, cause)
        if self.spans is not None and self.spans.built:
            self.spans.add(portal)

    def leave(self) -> None:
        """The trace it was nested in is no longer kept."""
        self.parent_trace = None
        if self.spans is not None:
            self.spans.whole.over = None

    def let_go(self) -> None:
        """Cut what holds its signals together: nobody looks at them any more, and the collector does not see them."""
        if self.plain is not None:
            self.plain = Plain()
        elif self._packed is None:
            self._tree.take_apart()
            self._tree = Tree()
        self.spans = self.block = None

    def timed(self, now: float) -> Spans:
        """Its spans, fit to be looked at."""
        spans = self._time() if self.spans is None or not self.spans.built else self.spans
        spans.freshen(self.tree.roots, self.tree.size, quiet=now - self.last_at > _QUIET_S)
        return spans

    def timed_as_part(self) -> Span:
        """It as a whole, for the trace it is nested in; gone through, so that nobody need have looked at it before."""
        return (self._time() if self.spans is None or not self.spans.built else self.spans).whole

    def ended(self, id: str, at: float) -> None:
        """A window closed, or a question was answered, which its tree alone does not tell."""
        plain = self.plain
        if plain is not None:
            number = plain.ids.get(id)
            if number is not None:
                self._ended.setdefault(plain.seq(number), Ended(at, plain.seq(len(plain.ids) - 1)))
            return
        node = self.by_id.get(id)
        if node is None:
            return
        # Asking for the node has unpacked it all.
        self._ended.setdefault(node.seq, Ended(at, next(reversed(self.by_id.values())).seq))
        if self.spans is not None and self.spans.built:
            self.spans.ended(node, at)

    def _time(self) -> Spans:
        if self.spans is None:
            self.spans = Spans(self.started_at)
            self.spans.over(self.ended_at)
        roots = self.tree.roots
        self.spans.build(roots, self._ended)
        return self.spans

    def _moved(self, node: Node) -> None:
        if self.spans is not None:
            self.spans.moved()

    def answered(self, id: str) -> Sequence[Node]:
        """What hangs below a signal already, though it has only just come."""
        if self.plain is not None:
            return ()
        node = self.by_id.get(id)
        return () if node is None else node.children

    def note(self, node: Node) -> None:
        """Fold what a node, already in the tree, says about the state of the work."""
        if self.stop is not None:
            self.stop.note(node)
        if node.type in DECISIVE:
            above = node.parent
            if node.type in _WORK and any(child.type in _ENDS for child in node.children):
                # Its answer overtook it, so there is nothing left to wait for.
                return
            self.weigh(
                node.type,
                node.id or f"#{node.seq}",
                node.who,
                node.at,
                above.id if above is not None and above.type in _WORK else None,
            )
        elif self.spans is not None:
            self.spans.over(self.ended_at)

    def weigh(self, kind: str, id: str, who: str, at: float, work: str | None) -> None:
        """Fold what a signal says about the state of the work.

        Args:
            kind: its type, one of those that may change it.
            id: by which its answer will name it.
            who: the participant it names.
            at: its arrival, epoch seconds.
            work: the id of the TASK or award it hangs under; None where it hangs under something else.
        """
        if kind in _WORK:
            self._begin(id, who, at)
        elif kind in _REPLIES:
            self._answer(kind, who, at, work)
        elif kind == "TASK_OFFER":
            self._reopen()
        elif kind == "FINAL":
            if self._final_at is None:
                self._final_at = at
            self.failed = False
            self._idle()
        elif kind == "STOP":
            # What had failed by itself stays failed: producers send STOP before they retry on another trace.
            self._failed_by_itself = self.status == "failed" and not self._pending
            self.stopped = True
            if self.stop is None:
                self.stop = StopLedger(at, self._working)
            self._idle()

    def bids_open(self, offer_id: str) -> None:
        """An auction on this trace takes bids."""
        self.bidding.add(offer_id)

    def bids_closed(self, offer_id: str, *, unsold: bool) -> None:
        """An auction on this trace is over; `unsold` when nobody bid."""
        self.bidding.discard(offer_id)
        self._unsold = unsold

    def follow_object(self, status: TraceStatus, at: float) -> None:
        """It only tells of an object of coordination, and stands as that does.

        Args:
            status: how it stands.
            at: since when, epoch seconds.
        """
        if status != self._told:
            self._told = status
            self.settle(at)

    def settle(self, at: float) -> None:
        """Decide the status.

        Args:
            at: the moment of what may have changed it, epoch seconds.
        """
        if self._packed is not None:
            self._unpack()
        before, self.status = self.status, self._judge()
        if self.status in OVER and not self.resting:
            self._tell()
        if self.status not in OVER:
            self.ended_at = None
        elif self.status != before or self.ended_at is None:
            self.ended_at = at
        elif self.status == "done" and self._output_at is not None and self._final_at is None:
            # Stock producers send no FINAL: the last output was the end, as far as anybody can know.
            self.ended_at = max(self.ended_at, self._output_at)
        elif self.status == "done" and self._final_at is not None:
            self.ended_at = self._final_at
        if self.spans is not None:
            self.spans.over(self.ended_at)

    def _judge(self) -> TraceStatus:
        if self.stopped:
            return "failed" if self._failed_by_itself else "stopped"
        if self._told is not None:
            return self._told
        if self._final_at is not None:
            return "done"
        if self.failed:
            return "failed"
        if self._waiting_on:
            return "waiting"
        if self._pending or self._bidding:
            return "open"
        if self._unsold:
            return "failed"
        return "open" if self._output_at is None else "done"

    def _begin(self, id: str, who: str, at: float) -> None:
        if who.startswith(PREFIX):
            # An award that a mirror tells of: nobody on this bus works on it.
            return
        self._pending[id] = who
        self._load[who] = self._load.get(who, 0) + 1
        self._working.setdefault(who, at)
        self._reopen()

    def _answer(self, kind: str, who: str, at: float, work: str | None) -> None:
        key = self._answered_by(who, work)
        if key is not None:
            worker = self._pending.pop(key)
            self._load[worker] -= 1
            if not self._load[worker]:
                del self._load[worker]
                self._working.pop(worker, None)
        if kind == "ERROR":
            self.errors += 1
            self.failed = True
        elif kind == "AGENT_OUTPUT":
            self._output_at = at
        else:
            # Who asks has not given up: an ERROR of somebody else is not the end.
            self.failed = False

    def _answered_by(self, who: str, work: str | None) -> str | None:
        """Which pending work a reply answers: what it hangs under; else its neuron's oldest; else the oldest without a name."""
        if work is not None:
            return work if work in self._pending else None
        for wanted in (who, "") if who else ("",):
            if wanted in self._load:
                return next(key for key, worker in self._pending.items() if worker == wanted)
        return None

    def _reopen(self) -> None:
        """More work on a trace that looked finished: it was not."""
        self._final_at = None
        self.failed = self._unsold = False

    def _idle(self) -> None:
        self._pending.clear()
        self._load.clear()
        self._working.clear()
