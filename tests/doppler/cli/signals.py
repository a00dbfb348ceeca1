"""Signals that commands are given."""

from __future__ import annotations

from cosmo_sdk import Signal, SignalType
from cosmo_sdk.envelope import directed_to


def bids(count: int) -> list[Signal]:
    offer = Signal(type=SignalType.TASK_OFFER, payload={"input": {}})
    return [
        offer.reply(SignalType.BID, {"cost": float(number)}, directed_to(f"n{number}"))
        for number in range(count)
    ]
