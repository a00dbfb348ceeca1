"""The filter language: one grammar for screens, commands and asserts. Pure: no clock, no I/O, no terminal.

    wanted = compile_filter("type:BID who:worker-* cost<0.01 -auto:true")
    wanted.matches(FrameRow(at, subject, frame))         # one frame, as it passes
    Sieve(wanted, store, Known(board)).pick(0, len(store))   # many, fast

README.md and `cosmo doppler --help` show it to people; `fields.py` has every field.
"""

from __future__ import annotations

from cosmo_doppler.query.compiler import Filter, compile_filter
from cosmo_doppler.query.completion import Completions, completions
from cosmo_doppler.query.errors import QueryError
from cosmo_doppler.query.hits import Hits
from cosmo_doppler.query.named import is_name
from cosmo_doppler.query.parser import parse
from cosmo_doppler.query.rows import NOTHING_ELSE, FrameRow, Known, StoreRow
from cosmo_doppler.query.sieve import Sieve
from cosmo_doppler.query.unmet import Unmet

__all__ = [
    "NOTHING_ELSE",
    "Completions",
    "Filter",
    "FrameRow",
    "Hits",
    "Known",
    "QueryError",
    "Sieve",
    "StoreRow",
    "Unmet",
    "compile_filter",
    "completions",
    "is_name",
    "parse",
]
