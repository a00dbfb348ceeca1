"""The Cosmonapse protocol for Python agents: Signals, the bus, Dendrites and what they host.

The names stand in `_public`, which is imported when somebody first uses one. Who only wants a submodule, as an observer
that reads headers does, pays for that one alone.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosmo_sdk._public import *  # noqa: F403  (type checkers read the names there)
else:

    def __getattr__(name: str) -> object:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        from importlib import import_module
        from importlib.util import find_spec

        if find_spec(f"{__name__}.{name}") is not None:
            # `from cosmo_sdk import payloads`, perhaps while `_public` is on its way in.
            return import_module(f"{__name__}.{name}")
        public = import_module("cosmo_sdk._public")
        names = globals()
        names.update({each: getattr(public, each) for each in public.__all__}, __all__=public.__all__)
        if name not in names:
            raise AttributeError(f"module 'cosmo_sdk' has no attribute {name!r}")
        return names[name]

    def __dir__() -> list[str]:
        from cosmo_sdk import __all__ as names

        return sorted({*globals(), *names})
