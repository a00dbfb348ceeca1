"""What a recording has of the signals that were held at the moment shown.

The bus says of a held signal only its id, its type and its trace. The signal itself stands further on in the recording:
where it went on, or in what the bus told when it was changed or dropped.
"""

from __future__ import annotations

from cosmo_doppler.model.bus_events import GATE
from cosmo_doppler.model.interventions import Intervention
from cosmo_doppler.store import Store
from cosmo_sdk.header import Header, read_header

FARTHEST = 50_000
"""Rows after the hold that are looked through."""

_AT_ONCE = 2_000
"""Rows looked at for one picture: only those of its type, and what gates tell, are read."""

_MOST = 512
"""Held signals remembered."""


class HeldThen:
    """Finds held signals in the rows after their hold; each row is looked at once for each of them.

    Args:
        store: of the recording.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[int, bytes | None] = {}
        """Frames by the position of their hold; None while the search goes on."""
        self._reached: dict[int, int] = {}

    def frame(self, held: Intervention) -> bytes | None:
        """The signal as it was when it was held; None as long as it was not found. The session's lock must be held."""
        begun = held.seq
        if self._found.get(begun) is None and held.signal_id:
            self._search(held, begun)
        return self._found.get(begun)

    def header(self, held: Intervention) -> Header | None:
        """Its envelope."""
        frame = self.frame(held)
        return read_header(frame) if frame is not None else None

    def _search(self, held: Intervention, begun: int) -> None:
        store, first = self._store, self._reached.get(begun, begun + 1)
        last = min(len(store), first + _AT_ONCE, begun + FARTHEST)
        if len(self._reached) > _MOST:
            self._reached.clear()
            self._found.clear()
        for seq in range(first, last):
            if store.type(seq) in (held.type, GATE) and (frame := self._is_it(held, seq)) is not None:
                self._found[begun] = frame
                return
        self._reached[begun] = last

    def _is_it(self, held: Intervention, seq: int) -> bytes | None:
        header = self._store.header(seq)
        if header.type != GATE:
            return self._store.frame(seq) if header.id == held.signal_id else None
        event = header.read_payload()
        frame = event.get("frame")
        if event.get("signal_id") != held.signal_id or not isinstance(frame, str) or not frame:
            return None
        return frame.encode("utf-8", "backslashreplace")
