"""What leaves Doppler: signals as a recording, bids as a table, traces as spans, a trace or an auction as a page."""

from cosmo_doppler.export.bids import BID_COLUMNS, bids_csv
from cosmo_doppler.export.otlp import otlp_lines
from cosmo_doppler.export.pages import auction_page, trace_page
from cosmo_doppler.export.pytest_file import export_pytest
from cosmo_doppler.export.selection import Format, Selection, exported, whole_recording, write_new
from cosmo_doppler.export.signals import auction_seqs, recording_lines, trace_seqs

__all__ = [
    "BID_COLUMNS",
    "Format",
    "Selection",
    "auction_page",
    "auction_seqs",
    "bids_csv",
    "export_pytest",
    "exported",
    "otlp_lines",
    "recording_lines",
    "trace_page",
    "trace_seqs",
    "whole_recording",
    "write_new",
]
