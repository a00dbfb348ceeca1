"""An auction as a pytest file: the same offer, the same bids at the same moments, and the winner that was."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cosmo_doppler.model.auctions import Auction, SeenBid
from cosmo_doppler.model.market.explain import Finding, explain
from cosmo_doppler.model.market.ledger import desk_of
from cosmo_doppler.model.wording import short_id
from cosmo_sdk.bidding import Select, choose_winner
from cosmo_sdk.header import Header, read_header

_HEAD = '''\
"""{title}

{facts}
Run it with pytest. No real time passes: the bids come on a clock that is moved by hand. Where `produce` uses your own
producer instead of the strategy below, this is a test of it.
"""

from cosmo_sdk.testing import Auction, RecordedBid

AUCTION = Auction(
    input={input},
    capabilities={capabilities},
    deadline_ms={deadline_ms},
    bids=[
{bids}
    ],
)


async def produce(desk):
    """The producer under test, given an orchestrator; it makes its offer and returns when it is done."""
    return await desk.dispatch_offer(**AUCTION.offer, select={select})


def test_{name}():
    outcome = AUCTION.run(produce)
    assert outcome.winner == {winner}, str(outcome)
'''

_WON = "    assert outcome.bid.get({key}) == {value}, str(outcome)\n"

JUST_IN_TIME_S = 0.001
"""How long before the end of the window a bid comes again that was weighed although we saw it too late, seconds."""


class _Choice(NamedTuple):
    select: Select
    remark: str
    """What has to be said about it; empty when nothing has."""


def export_pytest(auction: Auction, frame_of: Callable[[int], bytes]) -> str:
    """The text of a Python file with one test, which passes as long as the producer in it chooses as the real one did.

    Args:
        auction: decided, or over without a bid.
        frame_of: the frame at a position of the store, e.g. `store.frame`.
    """
    offer = read_header(frame_of(auction.seq))
    payload = offer.read_payload()
    choice = _choose(auction)
    opened = datetime.fromtimestamp(auction.opened_at, UTC).isoformat(timespec="milliseconds")
    first = auction.first_award
    winner = first.winner if first is not None else ""
    facts = [f"Recorded {opened}, offer {_plain(auction.offer_id)}, {len(auction.bids)} bids."]
    if choice.remark:
        facts.append(choice.remark)
    asked, needed = payload.get("input"), auction.capabilities
    text = _HEAD.format(
        title=_plain(f"Who wins {auction.title!r}: {winner or 'nobody'}"),
        facts="\n".join(facts),
        input=_literal(asked if isinstance(asked, dict) else {}),
        capabilities=_literal(needed),
        deadline_ms=auction.deadline_ms or 250,
        bids="\n".join(
            _bid(auction, seen, read_header(frame_of(seen.seq)), choice.select) for seen in auction.bids
        )
        or "        # nobody bid",
        select=_literal(choice.select),
        name=_name(auction, winner),
        winner=_literal(winner),
    )
    won = next((seen for seen in auction.bids if first is not None and seen.bid.id == first.bid_id), None)
    if won is not None and won.bid.cost is not None:
        text += _WON.format(key=_literal("cost"), value=_literal(won.bid.cost))
    return text


def _choose(auction: Auction) -> _Choice:
    """The strategy to write down: one that explains the award and chooses the same when the round is held again."""
    findings = explain(auction)
    if not findings:
        return _Choice("first_bid", "")
    first = auction.first_award
    again = [seen.bid for seen in auction.bids if seen.state not in ("invalid", "late")]
    for finding in sorted(findings, key=lambda each: ("yes", "maybe", "no").index(each.fits)):
        field = again if finding.select == "first_bid" else auction.contenders()
        best = choose_winner(field, finding.select)
        if finding.fits != "no" and best is not None and first is not None and best.neuron == first.winner:
            return _Choice(finding.select, _doubt(findings, auction))
    return _Choice(
        "lowest_cost",
        "No known strategy chooses this winner from these bids, so as it stands this test fails: put the producer\n"
        "itself into `produce`.",
    )


def _doubt(findings: list[Finding], auction: Auction) -> str:
    fitting = [finding.select for finding in findings if finding.fits != "no"]
    who = _plain(str(desk_of(auction)))
    if len(fitting) == 1:
        return f"The award of {who} is explained by {fitting[0]} alone."
    return (
        f"The award of {who} is explained by {' and by '.join(fitting)}; the bids do not tell which it was."
    )


def _bid(auction: Auction, seen: SeenBid, header: Header, select: Select) -> str:
    after = auction.after_s(seen)
    window = (auction.deadline_ms or 250) / 1000
    if seen.state in ("won", "declined") and select != "first_bid":
        after = min(after, window - JUST_IN_TIME_S)
    elif seen.state == "late" and select != "first_bid" and seen.declined_reason == "late":
        after = max(after, window + JUST_IN_TIME_S)
    parts = [_literal(header.who or None), f"{after:.6f}", _literal(header.read_payload())]
    meta = header.read_meta()
    if meta:
        parts.append(_literal(meta))
    return f"        RecordedBid({', '.join(parts)}),"


def _literal(value: Any) -> str:
    """JSON as a Python literal in plain ASCII, so that no text from the bus can be anything but text."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return ascii(value)


def _plain(text: str) -> str:
    """Text for the docstring: one line, no quotes that could end it, no backslashes, ASCII."""
    line = ascii(text)[1:-1].replace("\\", "").replace('"', "'")
    return line if len(line) <= 110 else f"{line[:107]}..."


def _name(auction: Auction, winner: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", f"{winner or 'nobody'} wins {short_id(auction.offer_id)}".lower())
    return words.strip("_") or "auction"
