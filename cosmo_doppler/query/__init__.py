"""The filter language: one grammar for screens, commands and asserts. Pure: no clock, no I/O, no terminal."""

from __future__ import annotations

from cosmo_doppler.query.compiler import Query, compile_query
from cosmo_doppler.query.completion import Completions, completions
from cosmo_doppler.query.errors import QueryError
from cosmo_doppler.query.parser import parse
from cosmo_doppler.query.rows import FrameRow, StoreRow
from cosmo_doppler.query.searching import Search

__all__ = [
    "Completions",
    "FrameRow",
    "Query",
    "QueryError",
    "Search",
    "StoreRow",
    "compile_query",
    "completions",
    "parse",
]
