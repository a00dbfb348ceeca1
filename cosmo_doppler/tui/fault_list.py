"""All faults in one order: those the board found, and what the session itself could not see."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from cosmo_doppler.model.faults import Fault, Severity
from cosmo_doppler.tui import words
from cosmo_doppler.tui.layout import Pane, View
from cosmo_doppler.tui.scene import Scene

FaultId = int | str
"""A number for what the board found, a word and a number for what the session missed."""


class FaultList:
    """Faults by time, oldest first, as they are known where the playhead stands."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._ids: list[FaultId] = []
        self._stamp: object = None

    def stamp(self) -> tuple[object, ...]:
        """The same stamp means the same faults in the same words."""
        session, board = self._scene.session, self._scene.board
        last = session.losses.all[-1] if session.losses.all else None
        return id(board), board.faults.changes, len(session.gaps), last, self._seen()

    @property
    def ids(self) -> list[FaultId]:
        """What they are known by."""
        stamp = self.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            missed = dict(self._missed())
            found = self._scene.board.faults.order
            # Few are missed, and only then the order needs to be sought.
            self._ids = sorted(chain(found, missed), key=self._at) if missed else list(found)
        return self._ids

    def counts(self) -> dict[Severity, int]:
        """How many there are of each severity, but for those that came right."""
        counts: dict[Severity, int] = dict(self._scene.board.faults.counts)
        for _, fault in self._missed():
            counts[fault.severity] = counts.get(fault.severity, 0) + 1
        return counts

    def get(self, id: object) -> Fault | None:
        """A fault; None when it is forgotten, or not known yet."""
        if isinstance(id, int):
            return self._scene.board.faults.by_id.get(id)
        return next((fault for key, fault in self._missed() if key == id), None)

    def after(self, current: object, step: int) -> FaultId | None:
        """The next fault that is more than a note, or the previous one when `step` is negative.

        Args:
            current: where to go from. From nowhere, or from one that is forgotten, it is the latest.
            step: 1 or -1.
        """
        ids = self.ids
        here = next((place for place, id in enumerate(ids) if id == current), None)
        if here is not None:
            places = range(here + 1, len(ids)) if step > 0 else range(here - 1, -1, -1)
        else:
            places = range(len(ids) - 1, -1, -1)
        for place in places:
            fault = self.get(ids[place])
            if fault is not None and fault.severity != "note":
                return ids[place]
        return None

    def place(self, fault: Fault) -> tuple[View, Pane, str | int] | None:
        """Where to look at a fault: a view, a pane in it, and the key of its row. None when nothing of it is left."""
        board = self._scene.board
        if fault.object_key and board.coordination.find(fault.object_key) is not None:
            return "coordination", "coordination", fault.object_key
        if fault.offer_id in board.auctions:
            return "auctions", "auctions", fault.offer_id
        if fault.trace_id in board.traces and fault.seq is not None:
            return "traces", "pathway", fault.seq
        if fault.who in board.roster:
            return "registry", "registry", fault.who
        if fault.seq is not None:
            return "signals", "signals", fault.seq
        return None

    def _at(self, id: FaultId) -> float:
        fault = self.get(id)
        return fault.at if fault is not None else 0.0

    def _seen(self) -> tuple[int, list[str]]:
        """How many of the session's own troubles the playhead has passed, and what the first ones say: they may count on."""
        missed = [fault.sentence for _, fault in self._missed()]
        return len(missed), missed[:2]

    def _missed(self) -> Iterator[tuple[str, Fault]]:
        session = self._scene.session
        here = session.timeline.position
        yield from self._of_files()
        for number, gap in enumerate(session.gaps):
            if gap.position <= here and gap.back_at <= self._scene.now:
                for_s = words.joined(words.duration(gap.back_at - gap.lost_at))
                yield (
                    f"gap {number}",
                    Fault(
                        "gap",
                        "warning",
                        f"nothing was seen for {for_s}: the bus was away",
                        "what was said meanwhile is missing here, also from counts and states",
                        at=gap.back_at,
                        seq=max(0, gap.position - 1),
                    ),
                )
        for number, loss in enumerate(session.losses.all):
            if loss.position <= here and loss.at <= self._scene.now:
                yield (
                    f"loss {number}",
                    Fault(
                        "dropped",
                        "error",
                        f"{words.many(loss.frames, 'frame')} did not get here, or not into the recording",
                        "what they said is missing here; is this machine too busy?",
                        at=loss.at,
                        seq=max(0, loss.position - 1),
                    ),
                )

    def _of_files(self) -> Iterator[tuple[str, Fault]]:
        """What is wrong with the files of a recording. Where in time that belongs nobody can say: it stands at the beginning."""
        session = self._scene.session
        if session.kind != "replay" or not len(session.store):
            return
        status, at = session.status(), session.store.at(0)
        if status.skipped:
            (path, number, reason), *others = status.first_skipped
            count = words.many(status.skipped, "line")
            sentence = f"{count} of the recording skipped: {path.name}, line {number}: {reason}"
            look = "; ".join(f"{path.name}, line {number}: {reason}" for path, number, reason in others)
            look = look or "the line itself; all others were read"
            yield "skipped", Fault("skipped", "warning", sentence, look, at=at)
        if status.detail:
            look = "the file, and whoever writes it; what was read before stands"
            yield "file", Fault("file", "warning", status.detail, look, at=at)
