"""What every source yields: one frame that crossed the bus, and when it was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cosmo_sdk.header import Header

if TYPE_CHECKING:
    from cosmo_doppler.model.auctions import Auction


class Observed(msgspec.Struct, gc=False):
    """One frame as seen. Live, replayed or from the demo: downstream nothing can tell."""

    seq: int
    """Position in the store, from 0, without gaps."""
    at: float
    """When it was received, epoch seconds, never decreasing inside one session."""
    subject: str
    """The subject it was published on."""
    header: Header
    """Its envelope; `header.problem` says why it is no valid Signal."""
    auction: Auction | None = None
    """The auction of a bid that names its offer, and of an award that names its bid; once the board has folded them."""
    _payload: dict[str, Any] | None = None
    _meta: dict[str, Any] | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """As of `Header.read_payload`, read once for everybody who asks: not theirs to change."""
        payload = self._payload
        if payload is None:
            payload = self._payload = self.header.read_payload()
        return payload

    @property
    def meta(self) -> dict[str, Any]:
        """As of `Header.read_meta`, read once for everybody who asks: not theirs to change."""
        meta = self._meta
        if meta is None:
            meta = self._meta = self.header.read_meta()
        return meta
