"""Two descriptors that make a thin facade: its members are its collaborators' own, signatures included."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from cosmo_sdk.dendrite._handlers import HandlerTable, Registrar
from cosmo_sdk.signal_types import SignalType

C = TypeVar("C")
P = ParamSpec("P")
R = TypeVar("R")


class delegate(Generic[C, P, R]):  # noqa: N801 - used like a keyword
    """A facade attribute that is a collaborator's method.

    On the class it is the function itself, so that `help()` shows its signature and docstring.

    Args:
        part: the attribute that holds the collaborator.
        method: the function, as found on the collaborator's class.
    """

    def __init__(self, part: str, method: Callable[Concatenate[C, P], R]) -> None:
        self._part = part
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, obj: None, owner: type, /) -> Callable[Concatenate[C, P], R]: ...
    @overload
    def __get__(self, obj: object, owner: type, /) -> Callable[P, R]: ...
    def __get__(self, obj: object | None, owner: type, /) -> Callable[..., R]:
        if obj is None:
            return self._method
        return MethodType(self._method, getattr(obj, self._part))


class HasHandlers(Protocol):
    """What `on` needs of its owner."""

    _handlers: HandlerTable


class on:  # noqa: N801 - used like a keyword
    """Declares `on_x`, usable as `@d.on_x`, `@d.on_x(neuron=...)` and `d.on_x(fn)`."""

    def __init__(self, signal_type: SignalType) -> None:
        self.signal_type = signal_type
        self.__doc__ = (
            f"Decorator: call a function with every {signal_type}, filtered by neuron, capability, trace_id."
        )

    @overload
    def __get__(self, obj: None, owner: type, /) -> Self: ...
    @overload
    def __get__(self, obj: HasHandlers, owner: type, /) -> Registrar: ...
    def __get__(self, obj: Any, owner: type, /) -> Any:
        if obj is None:
            return self
        return obj._handlers.registrar(self.signal_type)
