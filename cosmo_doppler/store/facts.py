"""What columns need of envelopes, read from many lines at once."""

from __future__ import annotations

import msgspec

from cosmo_doppler.store.names import Names
from cosmo_doppler.store.rows import Rows


class NameTables:
    """The names that columns refer to by number."""

    def __init__(self) -> None:
        self.subjects = Names()
        self.types = Names()
        self.whos = Names()
        self.traces = Names()


class _Named(msgspec.Struct, gc=False):
    id: str | None = None


class Facts(msgspec.Struct, gc=False):
    """Who and what one signal is; `Header` has all of it, at twice the cost."""

    type: str = ""
    trace_id: str = ""
    directed: _Named | None = None
    neuron: str | None = None


_facts = msgspec.json.Decoder(Facts)


def read_facts(lines: bytes, count: int) -> list[Facts] | None:
    """The facts of so many lines.

    Returns:
        None when there are not as many, or one of them needs the care that `read_header` takes.
    """
    try:
        read = _facts.decode_lines(lines)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        return None
    return read if len(read) == count else None


def add_names(rows: Rows, facts: list[Facts], names: NameTables) -> None:
    """Add to a store's rows what they are by: type, participant and trace."""
    types, whos, traces = names.types, names.whos, names.traces
    rows.type.extend([types[each.type] for each in facts])
    rows.trace.extend([traces[each.trace_id] for each in facts])
    rows.who.extend(
        [
            whos[(each.directed.id if each.directed is not None else None) or each.neuron or ""]
            for each in facts
        ]
    )
