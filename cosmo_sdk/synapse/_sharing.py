"""One received Signal for many handlers: everybody holds a Signal of their own, and content is copied when it is read.

Most handlers look at a type and a trace and turn away. So what is given out shares the content of one private original, and
becomes an ordinary Signal with content of its own the first time somebody touches payload, meta or address.
"""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import EnvelopeError


class SharedSignal(Signal, kw_only=True, omit_defaults=True):
    """A Signal whose content others read as well. It turns into a `Signal` as soon as that could be noticed."""

    # The fields are the base's; these stand in front of its slots for as long as the class is this one.
    payload = property(
        lambda self: _part(self).payload, lambda self, value: setattr(_part(self), "payload", value)
    )
    meta = property(lambda self: _part(self).meta, lambda self, value: setattr(_part(self), "meta", value))
    directed = property(
        lambda self: _part(self).directed, lambda self, value: setattr(_part(self), "directed", value)
    )

    @property
    def neuron(self) -> str | None:
        """The participant named by `directed.id`, or None."""
        directed: Directed | None = _directed(self)
        return None if directed is None else directed.id

    def __eq__(self, other: object) -> bool:
        return _part(self) == other

    def __ne__(self, other: object) -> bool:
        return _part(self) != other

    __hash__ = Signal.__hash__

    def __repr__(self) -> str:
        return repr(_part(self))

    def __reduce__(self) -> Any:
        return _part(self).__reduce__()


_directed = Signal.__dict__["directed"].__get__


def own_copy(signal: Signal) -> Signal:
    """A Signal that shares no dict, list or address with the original.

    What JSON writes as text or lists (times, sets) becomes such; other objects are shared.

    Raises:
        EnvelopeError: a payload that contains itself.
    """
    # What copy.copy() calls, without the detour, which costs twice as much as the rest.
    mine = signal.__copy__()
    _copy_content(mine)
    return mine


def shared(signal: Signal) -> Signal:
    """Make a Signal that nobody else holds ready to be given out: everyone gets a `__copy__()` of what is returned."""
    signal.__class__ = SharedSignal
    return signal


def _part(signal: Signal) -> Signal:
    """The same object, parted from the others."""
    signal.__class__ = Signal
    _copy_content(signal)
    return signal


def _copy_content(signal: Signal) -> None:
    payload, meta, directed = signal.payload, signal.meta, signal.directed
    try:
        # Both at once: what is copied is small most times, and the call costs as much as the copy.
        signal.payload, signal.meta = to_builtins((payload, meta))
    except TypeError:
        # Something in there is no JSON. A bus would refuse it; in one process it may pass, shared.
        signal.payload = _copy_containers(payload)
        signal.meta = _copy_containers(meta)
    except RecursionError:
        raise EnvelopeError("a payload that contains itself cannot be sent", field="payload") from None
    if directed is not None:
        signal.directed = directed = directed.__copy__()
        directed.capabilities = directed.capabilities[:]


def _copy_containers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy_containers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy_containers(item) for item in value]
    return value
