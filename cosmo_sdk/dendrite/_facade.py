"""Two descriptors that make a thin facade: its members are its collaborators' own, signatures included."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast, overload

from cosmo_sdk.dendrite._handlers import Handler, HandlerTable, Registrar
from cosmo_sdk.signal_types import SignalType

C = TypeVar("C")
P = ParamSpec("P")
R = TypeVar("R")


class delegate(Generic[C, P, R]):  # noqa: N801 - used like a keyword
    """A facade attribute that is a collaborator's method.

    On the class it is a function of the facade with the signature and docstring of that method, for `help()` and for
    whoever calls it as `Facade.name(facade, ...)`.

    Args:
        part: the attribute that holds the collaborator.
        method: the function, as found on the collaborator's class.
    """

    def __init__(self, part: str, method: Callable[Concatenate[C, P], R]) -> None:
        self._part = part
        self._method = method
        self._function: Callable[Concatenate[Any, P], R] = _reaching(part, method)
        self.__doc__ = method.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        _name(self._function, owner, name)

    @overload
    def __get__(self, obj: None, owner: type, /) -> Callable[Concatenate[Any, P], R]: ...
    @overload
    def __get__(self, obj: object, owner: type, /) -> Callable[P, R]: ...
    def __get__(self, obj: object | None, owner: type, /) -> Callable[..., R]:
        if obj is None:
            return self._function
        return MethodType(self._method, getattr(obj, self._part))


class HasHandlers(Protocol):
    """What `on` needs of its owner."""

    _handlers: HandlerTable


class on:  # noqa: N801 - used like a keyword
    """Declares `on_x`, usable as `@d.on_x`, `@d.on_x(neuron=...)` and `d.on_x(fn)`.

    Args:
        signal_type: what it listens to.
        note: what else to know, for the docstring.
        instead: the name that goes for a deprecated one; using that one warns.
    """

    def __init__(self, signal_type: SignalType, note: str = "", *, instead: str = "") -> None:
        self.signal_type = signal_type
        self.instead = instead
        says = f"Decorator: call a function with every {signal_type}. Takes filters, see `on_signal`. {note}"
        self.__doc__ = f"Deprecated: use `{instead}`." if instead else says.strip()
        self._function = _reaching("_handlers", _registering(signal_type, self.__doc__))

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        _name(self._function, owner, name)

    @overload
    def __get__(self, obj: None, owner: type, /) -> Callable[..., Any]: ...
    @overload
    def __get__(self, obj: HasHandlers, owner: type, /) -> Registrar: ...
    def __get__(self, obj: Any, owner: type, /) -> Any:
        if obj is None:
            return self._function
        deprecated = f"{self._name} is deprecated, use {self.instead}" if self.instead else ""
        return obj._handlers.registrar(self.signal_type, deprecated=deprecated)


def _registering(signal_type: SignalType, doc: str) -> Callable[..., Any]:
    def register(
        table: HandlerTable,
        fn: Handler | None = None,
        *,
        neuron: str | None = None,
        capability: str | None = None,
        trace_id: str | None = None,
    ) -> Any:
        return table.registrar(signal_type)(fn, neuron=neuron, capability=capability, trace_id=trace_id)

    register.__doc__ = doc
    return register


def _reaching(part: str, method: Callable[Concatenate[C, P], R]) -> Callable[Concatenate[Any, P], R]:
    """The function of the facade that calls `method` on one of its parts."""

    @wraps(method)
    def call(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return method(getattr(self, part), *args, **kwargs)

    @wraps(method)
    async def call_and_wait(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        waiting: Any = call(self, *args, **kwargs)
        return await waiting

    # Two of them, so that `help()` and `inspect` see what is a coroutine function and what is not.
    function: Any = call_and_wait if inspect.iscoroutinefunction(method) else call
    signature = inspect.signature(method)
    first, *others = signature.parameters.values()
    function.__signature__ = signature.replace(
        parameters=[first.replace(name="self", annotation=first.empty), *others]
    )
    return cast("Callable[Concatenate[Any, P], R]", function)


def _name(function: Any, owner: type, name: str) -> None:
    function.__name__ = name
    function.__qualname__ = f"{owner.__qualname__}.{name}"
    function.__module__ = owner.__module__
