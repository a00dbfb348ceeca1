"""What this bus can do beyond the protocol: ops that repeat the `ref` of what they answer (PROTOCOL 4.9)."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from cosmo_bus.errors import BusError
from cosmo_bus.wire import Op, line_of


class Asker(Protocol):
    """What an extension knows of a session."""

    def send(self, head: bytes, tail: bytes = b"") -> bool:
        """Queue a line."""
        ...

    def tell(self, event: str, level: int = logging.INFO, **facts: Any) -> None:
        """Tell the operator what this session did."""
        ...


Answer = dict[str, Any]
"""The fields of an answer."""


class Extension(ABC):
    """A set of ops and what they work on."""

    @property
    @abstractmethod
    def ops(self) -> Mapping[str, Callable[[Op, Asker], Answer]]:
        """What each op does. It may raise a BusError, whose text is the answer then."""

    @abstractmethod
    def leave(self, session: Asker) -> None:
        """A session ended: what it set up ends too."""

    @abstractmethod
    def close(self) -> None:
        """The server ends: nothing stays behind."""

    def carry_out(self, op: Op, session: Asker) -> None:
        """Do one of `ops` and answer."""
        try:
            answer = self.ops[op.op or ""](op, session)
        except BusError as error:
            answer = {"op": "err", "message": str(error)}
        if op.ref is not None:
            answer["ref"] = op.ref
        session.send(line_of(**answer))
