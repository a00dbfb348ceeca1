"""Indexing a recording: each block of lines becomes columns, and the lines stay where they are.

Nearly every block holds nothing but lines as `record_line` writes them. Such a block is read by a few calls that each
go over all of it; a block with anything else in it is read line by line.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from cosmo_bus.recording import RecordedLine, read_line
from cosmo_doppler.model.bus_events import Unseen, is_event, read_any, read_unseen
from cosmo_doppler.store.facts import NameTables, add_names, read_facts
from cosmo_doppler.store.lines import Block
from cosmo_doppler.store.rows import PLACE_BITS, Rows, odd_line, plain_line
from cosmo_sdk.dialects import read_timestamp

NOWHERE = "replay"
"""The namespace of frames whose recording does not say where they were published."""

_BOM: Final = b"\xef\xbb\xbf"
_NEWLINE: Final = ord("\n")

# A line of ours. The newline in front makes sure that only beginnings of lines match.
_LEAD = re.compile(rb'\n\{"rx":"([0-9T:-]{19})\.(\d{6})Z","subject":"([^"\\\n]*)",(?!"raw":)')


class Indexer:
    """Turns the blocks of one file into columns.

    Args:
        names: where names get their numbers.
        shelf: the store's number for the place where the lines are kept.
        skip: told number and reason of each line that is no frame.
    """

    def __init__(self, names: NameTables, shelf: int, skip: Callable[[int, str], None]) -> None:
        self.lines = 0
        """Lines read so far."""
        self._names = names
        self._plain = plain_line(shelf) << PLACE_BITS
        self._odd = odd_line(shelf) << PLACE_BITS
        self._skip = skip
        self.last_at = 0.0
        """When the last row came, epoch seconds; 0 before the first."""
        self.unseen: list[tuple[int, float, Unseen]] = []
        """What the last block says was not seen: how many of its rows came before, and when that was noticed."""
        self._unended = False
        """The last line had no newline."""
        self._seconds: dict[bytes, int] = {}

    def index(self, block: Block, kept_at: int) -> Rows:
        """The rows of a block.

        Args:
            block: as read.
            kept_at: address of its first byte on the shelf.
        """
        rows, self.unseen = Rows(), []
        if block.data:
            if self._unended and block.data[0] == _NEWLINE:
                self.lines -= 1
            self._unended = block.data[-1] != _NEWLINE
            fast = self._all_at_once(block.data, kept_at)
            rows = self._line_by_line(block.data, kept_at) if fast is None else fast
            rows.in_order(self.last_at)
        if block.problem:
            self.lines += 1
            self._skip(self.lines, block.problem)
        if len(rows):
            self.last_at = rows.at[-1]
        return rows

    # -- a block of our own lines

    def _all_at_once(self, data: bytes, kept_at: int) -> Rows | None:
        """None when something in the block is not as we write it."""
        ends = _ends(data)
        leads = _LEAD.findall(b"\n" + data)
        if len(leads) != len(ends):
            return None
        facts = read_facts(data, len(ends))
        if facts is None:
            return None
        try:
            moments = self._moments(leads)
        except ValueError:
            return None
        subjects = self._subjects(leads)
        if subjects is None:
            return None
        rows = Rows()
        rows.at = moments
        rows.subject = subjects
        add_names(rows, facts, self._names)
        starts = [0, *ends[:-1]]
        base = self._plain + kept_at
        rows.place = array("Q", [base + start for start in starts])
        rows.length = array("I", [end - start for start, end in zip(starts, ends, strict=True)])
        self.lines += len(ends)
        return rows

    def _moments(self, leads: list[tuple[bytes, bytes, bytes]]) -> array[float]:
        """Receive times. Raises ValueError when one is none."""
        seconds = self._seconds
        if len(seconds) > 10_000:
            seconds.clear()
        for second in {lead[0] for lead in leads}.difference(seconds):
            moment = datetime.fromisoformat(second.decode()).replace(tzinfo=UTC)
            seconds[second] = int(moment.timestamp()) * 1_000_000
        return array("d", [(seconds[second] + int(micros)) / 1e6 for second, micros, _ in leads])

    def _subjects(self, leads: list[tuple[bytes, bytes, bytes]]) -> array[int] | None:
        numbers: dict[bytes, int] = {}
        for each in {lead[2] for lead in leads}:
            subject = each.decode("utf-8", "replace")
            if is_event(subject):
                return None
            numbers[each] = self._names.subjects[subject]
        return array("I", [numbers[lead[2]] for lead in leads])

    # -- anything else

    def _line_by_line(self, data: bytes, kept_at: int) -> Rows:
        rows = Rows()
        start = 0
        for end in _ends(data):
            line, place = data[start:end], kept_at + start
            start = end
            self.lines += 1
            if self.lines == 1 and line.startswith(_BOM):
                # Whoever reads the line again is to find it without.
                line, place = line[len(_BOM) :], place + len(_BOM)
            if not line.strip():
                continue
            read = read_line(self.lines, line)
            if read.problem:
                self._skip(read.number, read.problem)
            elif read.at is not None and (unseen := read_unseen(read.subject, read.frame)) is not None:
                self.unseen.append((len(rows), read.at, unseen))
            else:
                self._add(rows, read, place, end - (place - kept_at))
        return rows

    def _add(self, rows: Rows, line: RecordedLine, place: int, length: int) -> None:
        header = read_any(line.subject or "", line.frame)
        at, subject = line.at, line.subject
        if at is None:
            moment = read_timestamp(header.ts)
            at = rows.at[-1] if len(rows) else self.last_at
            at = at if moment is None else moment.timestamp()
        if subject is None:
            # Bare envelopes do not say where they were published; the type is what subjects end with.
            subject = f"cosmonapse.{NOWHERE}.{header.type or 'UNKNOWN'}"
        names = self._names
        rows.at.append(at)
        rows.subject.append(names.subjects[subject])
        rows.type.append(names.types[header.type])
        rows.who.append(names.whos[header.who])
        rows.trace.append(names.traces[header.trace_id])
        rows.place.append(self._odd + place)
        rows.length.append(length)


def _ends(data: bytes) -> list[int]:
    """Where each line ends, its newline included."""
    return list(_each_end(data))


def _each_end(data: bytes) -> Iterator[int]:
    end, find = 0, data.find
    while end := find(b"\n", end) + 1:
        yield end
    if not data.endswith(b"\n"):
        yield len(data)
