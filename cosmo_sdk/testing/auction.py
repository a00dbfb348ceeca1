"""A recorded round of bidding, held again: the same bids at the same moments, for a producer under test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from cosmo_bus.recording import read_recording
from cosmo_sdk.dendrite import Dendrite
from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import NoBids
from cosmo_sdk.header import Header, read_header
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.testing.building import INPUT, OUTPUT
from cosmo_sdk.testing.clock import ManualClock
from cosmo_sdk.testing.synapse import ScriptedSynapse
from cosmo_sdk.testing.transcript import Transcript

Producer = Callable[[Dendrite], Awaitable[Any]]
"""What is under test: it makes its offer through the orchestrator it is given."""

AFTERWARDS_S = 1.0
"""How long the clock runs on after the last bid, so that late bidders are told, seconds."""


class RecordedBid(NamedTuple):
    """One bid."""

    neuron: str | None
    """Who bids; None for a bid that names nobody."""
    after_s: float
    """From the offer, seconds."""
    payload: Mapping[str, Any]
    """As it crossed the bus, also where it is not valid."""
    meta: Mapping[str, Any] = {}


class Round(NamedTuple):
    """What came of a round."""

    winner: str
    """Who was awarded the work first; empty when nobody was."""
    bid: Mapping[str, Any]
    """Payload of the winning bid; empty when nobody won."""
    awarded_after_s: float | None
    """From the offer to the award, seconds of the manual clock."""
    declined: dict[str, str]
    """Who was told that it lost, and why."""
    result: Any
    """What the producer returned; None when nobody bid."""
    transcript: Transcript
    """Everything that crossed."""

    def __str__(self) -> str:
        return self.transcript.tree()


class Auction:
    """Bids on every offer of a producer as they were recorded, on a clock that is moved by hand.

        auction = Auction(
            deadline_ms=250,
            bids=[RecordedBid("ann", 0.006, {"cost": 0.005}), RecordedBid("bob", 0.010, {"cost": 0.002})],
        )
        round = auction.run(lambda desk: desk.dispatch_offer(**auction.offer, select="lowest_cost"))
        assert round.winner == "bob"

    No real time passes. Whoever wins answers at once, with a FINAL where it is asked for.

    Args:
        bids: by arrival.
        input: what is offered.
        capabilities: what a bidder must have.
        deadline_ms: the window for bids, milliseconds.
        output: what the winner answers.
    """

    def __init__(
        self,
        *,
        bids: Iterable[RecordedBid],
        input: Mapping[str, Any] = INPUT,
        capabilities: Iterable[str] = (),
        deadline_ms: int = 250,
        output: Any = OUTPUT,
    ) -> None:
        self.bids = list(bids)
        """What is bid on every offer."""
        self.input = dict(input)
        """What was offered."""
        self.capabilities = list(capabilities)
        """What a bidder must have."""
        self.deadline_ms = deadline_ms
        """The window for bids, milliseconds."""
        self._output = output

    @classmethod
    def from_recording(cls, path: Path | str, offer: str = "", *, output: Any = OUTPUT) -> Self:
        """An auction of a recording.

        Args:
            path: the recording.
            offer: the end of its offer's id; the first offer of the recording when left out.
            output: what the winner answers.

        Raises:
            LookupError: there is no such offer.
            OSError: the file cannot be read.
        """
        found: tuple[Header, float] | None = None
        bids: list[RecordedBid] = []
        seen: set[str] = set()
        for line in read_recording(Path(path)):
            header = read_header(line.frame) if not line.problem else None
            if header is None or header.type not in ("TASK_OFFER", "BID"):
                continue
            at = _moment(line.at, header)
            if found is None and header.type == "TASK_OFFER" and header.id.endswith(offer):
                found = header, at
            elif (
                found is not None
                and header.parent_id == found[0].id
                and header.type == "BID"
                and header.id not in seen
            ):
                seen.add(header.id)
                bids.append(
                    RecordedBid(
                        header.who or None,
                        max(0.0, at - found[1]),
                        header.read_payload(),
                        header.read_meta(),
                    )
                )
        if found is None:
            raise LookupError(f"{path} has no offer{f' whose id ends in {offer!r}' if offer else ''}")
        payload = found[0].read_payload()
        asked, window, needed = (payload.get(key) for key in ("input", "deadline_ms", "capabilities"))
        return cls(
            bids=bids,
            input=asked if isinstance(asked, dict) else {},
            capabilities=[each for each in needed if isinstance(each, str)]
            if isinstance(needed, list)
            else [],
            deadline_ms=window if isinstance(window, int) and window > 0 else 250,
            output=output,
        )

    @property
    def offer(self) -> dict[str, Any]:
        """The offer as `dispatch_offer` takes it: `input`, `capabilities` and `deadline_ms`."""
        return {
            "input": dict(self.input),
            "capabilities": list(self.capabilities) or None,
            "deadline_ms": self.deadline_ms,
        }

    def run(self, producer: Producer) -> Round:
        """Hold the round where no event loop runs, e.g. in a plain test function. See `play`."""
        return asyncio.run(self.play(producer))

    async def play(self, producer: Producer) -> Round:
        """Hold the round once: the producer makes its offer, the bids come, somebody wins or nobody does.

        Args:
            producer: given a started orchestrator on a bus of its own, whose time is the manual clock.

        Raises:
            AssertionError: the producer made no offer, or it never came to an end.
        """
        clock = ManualClock()
        synapse = ScriptedSynapse(clock=clock)
        bidding = synapse.when(SignalType.TASK_OFFER)
        for bid in self.bids:
            bidding.calls(_made(bid, synapse), after_s=max(0.0, bid.after_s))
        synapse.when(SignalType.TASK_AWARDED).outputs(self._output)
        desk = Dendrite(
            synapse=synapse, dendrite_id="producer", role="orchestrator", clock=clock, heartbeat_s=0
        )
        await desk.start()
        result = None
        try:
            result = await clock.run(_until_done(producer, desk))
        except NoBids:
            pass  # nobody won: an outcome like any other
        finally:
            # Those who bid after the award are told so, too.
            await clock.advance(max((bid.after_s for bid in self.bids), default=0.0) + AFTERWARDS_S)
            await desk.stop()
            await synapse.close()
        if synapse.failures:
            raise AssertionError(synapse.explain("the recorded bids could not be made again"))
        return _outcome(synapse, result)


async def _until_done(producer: Producer, desk: Dendrite) -> Any:
    return await producer(desk)


def _made(bid: RecordedBid, synapse: ScriptedSynapse) -> Callable[[Signal], Signal]:
    """The bid as an answer to an offer."""

    def make(offer: Signal) -> Signal:
        return Signal(
            trace_id=offer.trace_id,
            parent_id=offer.id,
            type=SignalType.BID,
            ts=synapse.clock.now(),
            directed=Directed(id=bid.neuron) if bid.neuron else None,
            payload=dict(bid.payload),
            meta=dict(bid.meta),
        )

    return make


def _outcome(synapse: ScriptedSynapse, result: Any) -> Round:
    crossed = synapse.transcript
    offers = crossed.signals(SignalType.TASK_OFFER)
    if not offers:
        raise AssertionError(crossed.explain("the producer made no offer"))
    told = {
        signal.neuron or "": str(signal.payload.get("reason", ""))
        for signal in crossed.signals(SignalType.TASK_DECLINED)
    }
    awards = crossed.signals(SignalType.TASK_AWARDED)
    if not awards:
        return Round("", {}, None, told, result, crossed)
    award = awards[0]
    won = next((bid for bid in crossed.signals(SignalType.BID) if bid.id == award.parent_id), None)
    return Round(
        award.neuron or "",
        won.payload if won is not None else {},
        (award.ts - offers[0].ts).total_seconds(),
        told,
        result,
        crossed,
    )


def _moment(at: float | None, header: Header) -> float:
    """When a recorded frame came: as recorded, else as its sender says."""
    if at is not None:
        return at
    sent = read_timestamp(header.ts)
    return 0.0 if sent is None else sent.timestamp()
