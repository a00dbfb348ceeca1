"""What coordination raises.

    CoordinationError        (also ValueError) the call is malformed or forbidden
      NotAuthorizedError     somebody else's task, vote or grant
      StateError             too late: what it is about has ended
      ExistsError            the id is taken by something else
      ScopeError             a delegation that would widen
    StoreBusyError           (also RuntimeError) others kept writing the same record, or the file
    StoreCorruptError        (also RuntimeError) a record that cannot be read

A normal losing move (somebody else was faster) returns False instead.
"""

from __future__ import annotations

from cosmo_sdk.errors import CosmoError


class CoordinationError(CosmoError, ValueError):
    """A call that is malformed or forbidden."""


class NotAuthorizedError(CoordinationError):
    """The agent may not do this to that object."""

    def __init__(self, agent_id: str, what: str) -> None:
        self.agent_id = agent_id
        super().__init__(f"agent {agent_id!r} is not authorized to {what}")


class StateError(CoordinationError):
    """What the call is about is in a state that forbids it."""


class ExistsError(CoordinationError):
    """The id is taken by something that differs."""


class ScopeError(CoordinationError):
    """A delegation would give more than its parent has."""


class StoreBusyError(CosmoError, RuntimeError):
    """Others kept writing what the call wanted to write; nothing was changed, try again."""


class StoreCorruptError(CosmoError, RuntimeError):
    """A stored record that cannot be read, or a file that is no store.

    Attributes:
        key: of the record; the path where the whole file is meant.
    """

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        super().__init__(f"stored record {key!r} cannot be read: {reason}")
