"""The log of a command: off unless somebody asks for it, then on stderr, as words or as one JSON object a line."""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any

from cosmo_doppler.cli.output import LinePrinter, say

LOG_VARIABLE = "COSMO_LOG"
"""Environment variable: a level such as `debug` sends the log to stderr."""

LOG_FORMAT_VARIABLE = "COSMO_LOG_FORMAT"
"""Environment variable: `json` makes each log record one JSON object."""


class JsonLines(logging.Formatter):
    """One JSON object per record, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON: time, level, logger, then event and facts or a message, and the traceback if any."""
        from datetime import UTC, datetime

        fields = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        event = getattr(record, "event", None)
        if event is None:
            fields["message"] = record.getMessage()
        else:
            fields |= {"event": event, **getattr(record, "facts", {})}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)


class PlainLines(logging.Formatter):
    """Words for people, with the time of day."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def formatException(self, ei: Any) -> str:  # noqa: N802  (the name of the standard library)
        """A traceback, whose last line may hold what a client sent."""
        return "\n".join(json.dumps(line)[1:-1] for line in super().formatException(ei).splitlines())


class StderrLog(logging.Handler):
    """Writes records from a thread of its own: a terminal that stands still stops nobody who logs.

    When it stands still for long, records are left out, and a later one says how many.
    """

    def __init__(self) -> None:
        super().__init__()
        self._closing = False
        self._printer = LinePrinter[str](str, stream=sys.stderr, complain=self._complain)

    def emit(self, record: logging.LogRecord) -> None:
        """Queue one record."""
        try:
            self._printer.print(self.format(record))
        except Exception:  # noqa: BLE001  (what every handler of the standard library does)
            self.handleError(record)

    def settle(self) -> None:
        """Wait until what was logged is written, for a moment at most."""
        self._printer.flush()

    def close(self) -> None:
        """Write what is queued and end."""
        self._closing = True
        self._printer.close()
        super().close()

    def _complain(self, words: str) -> None:
        if not self._closing:
            logging.getLogger(__name__).warning("%s", words)


def set_up_logging() -> None:
    """Commands say themselves what a person needs to know; the log of the rooms below is for those who ask for it."""
    asked = os.environ.get(LOG_VARIABLE, "")
    levels = logging.getLevelNamesMapping()
    if asked.upper() not in levels:
        if asked:
            known = ", ".join(name.lower() for name in levels if name != "NOTSET")
            say(f"there is no log level {asked!r}; {LOG_VARIABLE} may be {known}")
        logging.basicConfig(handlers=[logging.NullHandler()])
        return
    handler = StderrLog()
    as_json = os.environ.get(LOG_FORMAT_VARIABLE, "").lower() == "json"
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    logging.basicConfig(level=asked.upper(), handlers=[handler])


def show_warnings() -> None:
    """Say what an operator must know of a bus, even where nobody asked for a log: who lost something, and why."""
    if os.environ.get(LOG_VARIABLE):
        return
    from cosmo_bus import journal

    handler = StderrLog()
    handler.setFormatter(PlainLines())
    handler.setLevel(logging.WARNING)
    logging.getLogger(journal.__name__).addHandler(handler)


def flush_log() -> None:
    """Write what was logged so far: what a command says at its end stands below it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, StderrLog):
            handler.settle()
