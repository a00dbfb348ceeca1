"""What a person may do to a coordination store: end what stands in it, as an administrator, and never through the bus.

A board that signals made shows it only once a mirror tells of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeVar

from cosmo_doppler.by_hand import ControlError
from cosmo_doppler.model.coordination.grants import SeenGrant
from cosmo_doppler.model.coordination.sales import SeenSale
from cosmo_doppler.model.coordination.tasks import SeenTask
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.model.coordination.votes import SeenVote
from cosmo_sdk.coordination import (
    BiddingProtocol,
    CoordinationError,
    DelegationProtocol,
    StoreBusyError,
    StoreCorruptError,
    TaskManager,
    VoteBook,
)
from cosmo_sdk.coordination._store_base import BaseStore

R = TypeVar("R")

DeedName = Literal[
    "cancel task", "release expired", "close vote", "resolve auction", "cancel auction", "revoke delegation"
]


class Deed(NamedTuple):
    """One thing that may be done."""

    name: DeedName
    meaning: str
    """What follows from it, one sentence."""


CANCEL_TASK = Deed("cancel task", "Nobody can claim or finish it any more; whoever holds it works in vain.")
RELEASE = Deed(
    "release expired", "Every claim of the store whose lease ran out ends, so that others may try."
)
CLOSE_VOTE = Deed("close vote", "It is counted as it stands, and nobody can vote any more.")
RESOLVE = Deed("resolve auction", "It is decided as it stands: the best bid wins if it meets the reserve.")
CANCEL_AUCTION = Deed("cancel auction", "It is called off; nobody wins, whatever was bid.")
REVOKE = Deed("revoke delegation", "It ends, and with it all that was handed on from it.")


def deeds_for(thing: Thing) -> tuple[Deed, ...]:
    """What may be done to an object as it is known to stand; nothing for one that is over."""
    if thing.over or thing.live:
        return ()
    if isinstance(thing, SeenTask):
        return (CANCEL_TASK, RELEASE) if thing.held and thing.lease_ms is not None else (CANCEL_TASK,)
    if isinstance(thing, SeenVote):
        return (CLOSE_VOTE,)
    if isinstance(thing, SeenSale):
        return (RESOLVE, CANCEL_AUCTION)
    return (REVOKE,) if isinstance(thing, SeenGrant) else ()


class Steward:
    """Acts on one store. Its methods wait for the store, so they are called from a thread.

    Args:
        store: of any kind; closed by whoever opened it.
        where: how a person names it, without a password.
    """

    def __init__(self, store: BaseStore, where: str) -> None:
        self.where = where
        self.store_id = store.store_id
        self._store = store
        # A sale and a sweep by one person at one time are enough.
        self._lock = threading.Lock()

    def revision(self) -> int:
        """The place of the latest event in the store.

        Raises:
            ControlError: it cannot be read.
        """
        return self._asked(self._store.revision)

    def do(self, deed: DeedName, subject: str) -> str:
        """Do it.

        Args:
            deed: what.
            subject: the id of the object.

        Returns:
            What came of it, in a few words.

        Raises:
            ControlError: it could not be done, with the reason.
        """
        return self._asked(lambda: _DEEDS[deed](self._store, subject))

    def _asked(self, call: Callable[[], R]) -> R:
        try:
            with self._lock:
                return call()
        except (CoordinationError, StoreBusyError, StoreCorruptError, OSError) as error:
            raise ControlError(f"The store says: {error}") from error


def _cancel_task(store: BaseStore, subject: str) -> str:
    if TaskManager(store).cancel_task(subject):
        return f"Task {subject} is cancelled"
    raise ControlError(f"Task {subject} is over already, or not in this store.")


def _release(store: BaseStore, subject: str) -> str:
    released = TaskManager(store).release_expired_claims(time.monotonic())
    names = ", ".join(released[:4]) + (f" and {len(released) - 4} more" if len(released) > 4 else "")
    return f"Released: {names}" if released else "No lease has run out, so no claim was released"


def _close_vote(store: BaseStore, subject: str) -> str:
    result = VoteBook(store).close(subject)
    winner = f": {result.winner}" if result.winner is not None else ""
    return f"Vote {subject} is closed, {result.status.replace('_', ' ')}{winner}"


def _resolve(store: BaseStore, subject: str) -> str:
    winner = BiddingProtocol.attached(subject, store=store).resolve()
    return (
        f"Auction {subject} goes to {winner}" if winner is not None else f"Auction {subject} goes to nobody"
    )


def _cancel_auction(store: BaseStore, subject: str) -> str:
    if BiddingProtocol.attached(subject, store=store).cancel("by a person at Doppler"):
        return f"Auction {subject} is called off"
    raise ControlError(f"Auction {subject} is over already.")


def _revoke(store: BaseStore, subject: str) -> str:
    if DelegationProtocol().bind(store=store).revoke(subject):
        return f"Delegation {subject} is revoked"
    raise ControlError(f"Delegation {subject} has ended already, or is not in this store.")


_DEEDS: dict[DeedName, Callable[[BaseStore, str], str]] = {
    "cancel task": _cancel_task,
    "release expired": _release,
    "close vote": _close_vote,
    "resolve auction": _resolve,
    "cancel auction": _cancel_auction,
    "revoke delegation": _revoke,
}
