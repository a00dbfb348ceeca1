"""What may be a Neuron function, and how it is called."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

NeuronFn = Callable[..., Awaitable[Any] | Any]
"""`(input, context) -> result`; a coroutine function, or a plain one, which runs in a thread.

May also declare `recall` and `imprint`, which then ask the memories bound to the Axon, and `emit_thought_delta`, which
tells of progress.
"""

_CALLED = "it is called as neuron_fn(input, context)"


def returns_at_once(fn: Any) -> bool:
    """Whether calling it is sure to return at once: an `async def`, bound, partial, or a `__call__` of an object."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(getattr(fn, "__call__", None))  # noqa: B004


def helpers_of(neuron_id: str, fn: Any, helpers: Mapping[str, Any], *, offered: bool) -> dict[str, Any]:
    """The helpers a Neuron function asks for by naming them as parameters.

    Args:
        neuron_id: for the error.
        fn: the function.
        helpers: all there are, by name.
        offered: whether a function that takes any keyword gets them all.

    Raises:
        TypeError: it cannot be called as a Neuron function.
    """
    _check_kind(neuron_id, fn)
    try:
        signature = inspect.signature(fn)
    except ValueError:
        # Some builtins do not say what they take.
        return {}
    asked = _asked(neuron_id, signature, helpers, offered=offered)
    try:
        signature.bind({}, [], **asked)
    except TypeError as error:
        raise TypeError(f"neuron_fn of {neuron_id!r} takes {signature}, but {_CALLED}: {error}") from None
    return asked


def blocking(helper: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    """A coroutine function for callers in threads: the call blocks their thread and runs on this loop."""
    loop = asyncio.get_running_loop()

    @functools.wraps(helper)
    def call(*args: Any, **kwargs: Any) -> Any:
        async def wait() -> Any:
            return await helper(*args, **kwargs)

        return asyncio.run_coroutine_threadsafe(wait(), loop).result()

    return call


def accepts_two(fn: Any) -> bool:
    """Whether a hook takes `(input, context)` and not only `(input)`."""
    try:
        inspect.signature(fn).bind({}, [])
    except TypeError:
        return False
    except ValueError:
        return True
    return True


def _check_kind(neuron_id: str, fn: Any) -> None:
    if not callable(fn):
        raise TypeError(
            f"neuron_fn of {neuron_id!r} is a {type(fn).__name__}, which cannot be called; {_CALLED}"
        )
    if inspect.isclass(fn):
        raise TypeError(
            f"neuron_fn of {neuron_id!r} is the class {fn.__name__}: pass an instance with a __call__(input, context)"
        )
    inner = fn
    while isinstance(inner, functools.partial):
        inner = inner.func
    for each in (inner, getattr(inner, "__call__", None)):  # noqa: B004
        if inspect.isgeneratorfunction(each) or inspect.isasyncgenfunction(each):
            raise TypeError(
                f"neuron_fn of {neuron_id!r} yields, but a Neuron returns one result; "
                "declare a parameter emit_thought_delta to tell of progress"
            )


def _asked(
    neuron_id: str, signature: inspect.Signature, helpers: Mapping[str, Any], *, offered: bool
) -> dict[str, Any]:
    try:
        given = signature.bind_partial({}, []).arguments
    except TypeError as error:
        raise TypeError(f"neuron_fn of {neuron_id!r} takes {signature}, but {_CALLED}: {error}") from None
    parameters = signature.parameters
    takes_any = offered and any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    return {
        name: helper
        for name, helper in helpers.items()
        if takes_any or (name in parameters and name not in given)
    }
