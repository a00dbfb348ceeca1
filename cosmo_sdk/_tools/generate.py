"""Write `factories.py`, `dendrite/_emitters.py` and `testing/builders.py` from the table in `cosmo_sdk/payloads.py`.

    python -m cosmo_sdk._tools.generate            write the files
    python -m cosmo_sdk._tools.generate --check    exit 1 when one of them is not what the table says

Annotations, defaults and docstrings are taken from the table's source text, so that what an editor shows for
`emit_plan` is word for word what the table says. The output is formatted as `ruff format` would.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from cosmo_sdk._tools.builders import builders
from cosmo_sdk._tools.table import NOTICE, Field, Row, article, definition, read_table
from cosmo_sdk.signal_types import SignalType

_PACKAGE = Path(__file__).resolve().parent.parent

EMITTED: tuple[SignalType, ...] = (
    SignalType.FINAL,
    SignalType.ERROR,
    SignalType.PLAN,
    SignalType.THOUGHT_DELTA,
    SignalType.TOOL_CALL,
    SignalType.TOOL_RESULT,
    SignalType.MEMORY_APPEND,
    SignalType.CRITIQUE,
    SignalType.ESCALATION,
    SignalType.CONSENSUS,
    SignalType.CONTEXT_SYNC,
    SignalType.AUDIT,
)
"""Types with an `emit_*` method (PROTOCOL 6.19). STOP has a guard of its own and is written by hand."""

_ALIASES = ("ImprintOp", "ParticipantRole", "RecallMode")

_TRACE = {
    "root": (
        Field("trace_id", "str | None", "None", "The trace; a new one when left out."),
        Field("parent_id", "str | None", "None", "The event that caused it."),
    ),
    "request": (
        Field("trace_id", "str", None, "The trace."),
        Field("parent_id", "str | None", "None", "The event that caused it."),
    ),
    "reply": (
        Field("trace_id", "str", None, "The trace."),
        Field("parent_id", "str", None, "The event that caused it."),
    ),
    "presence": (),
}
_DIRECTED = Field("directed", "Directed | None", "None", "Addressee or producer (PROTOCOL 1.6).")
_ABOUT = Field("directed", "Directed", None, "The participant it is about.")
_META = Field("meta", "dict[str, Any] | None", "None", "Annotations without meaning to the protocol.")


def _sections(summary: str, parameters: list[Field]) -> Iterator[str]:
    yield f'"""{summary}.'
    yield ""
    yield "Args:"
    for field in parameters:
        yield f"    {field.name}: {field.doc}"
    yield '"""'


def _construction(row: Row, indent: str) -> list[str]:
    """The call that builds the struct, with a trailing comma so that the formatter leaves it alone."""
    return [
        f"payloads.{row.struct.__name__}(",
        *[f"    {field.argument()}," for field in row.fields],
        f"{indent}).to_wire(),",
    ]


def factories() -> str:
    """The text of `factories.py`."""
    rows = read_table()
    lines = [
        '"""One function per type that builds its Signal (PROTOCOL 2.2).',
        "",
        NOTICE,
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Any",
        "",
        "from cosmo_sdk import payloads",
        f"from cosmo_sdk._payload import {', '.join(_ALIASES)}",
        "from cosmo_sdk.envelope import Directed, Signal",
        "from cosmo_sdk.ids import new_trace_id",
        "from cosmo_sdk.signal_types import SignalType",
    ]
    for row in rows:
        lines.extend(["", "", *_factory(row)])
    return "\n".join(lines) + "\n"


def _factory(row: Row) -> Iterator[str]:
    position = row.struct.position
    parameters = [*_TRACE[position], _ABOUT if position == "presence" else _DIRECTED, *row.fields, _META]
    # What must be given comes first, in the signature as in the reader's mind.
    parameters.sort(key=lambda field: field.default is not None)
    body = ["return Signal("]
    if position == "root":
        body.append("    trace_id=new_trace_id() if trace_id is None else trace_id,")
    elif position != "presence":
        body.append("    trace_id=trace_id,")
    if position != "presence":
        body.append("    parent_id=parent_id,")
    body.append(f"    type=SignalType.{row.struct.type.name},")
    body.append("    directed=directed,")
    built = _construction(row, "")
    body.append(f"    payload={built[0]}")
    body.extend(f"    {line}" for line in built[1:])
    body.append("    meta={} if meta is None else meta,")
    body.append(")")
    summary = f"{row.struct.type}: {row.summary()[:1].lower()}{row.summary()[1:]}"
    return definition(
        f"def {row.snake}_signal", parameters, "Signal", lambda: _sections(summary, parameters), body, ""
    )


_EMITTERS_HEAD = f'''"""The `emit_*` methods of a Dendrite (PROTOCOL 6.19).

{NOTICE}
"""

from __future__ import annotations

from typing import Any, Protocol

from cosmo_sdk import payloads
from cosmo_sdk._payload import Payload
from cosmo_sdk.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.ids import ULIDS, Ids


class GuardedLink(Protocol):
    """The part of `Link` that emitters need."""

    async def emit(self, signal: Signal) -> None:
        """Publish, if this Dendrite's role and the type allow it."""
        ...


class Emitters:
    """Says things in a Dendrite's own name, through the guards of `emit()`.

    Every method returns the Signal as published, and raises RoleError on a worker and SynapseError when the bus is
    not connected.
    """

    def __init__(
        self, link: GuardedLink, dendrite_id: str, *, clock: Clock = SYSTEM_CLOCK, ids: Ids = ULIDS
    ) -> None:
        self._link = link
        self._dendrite_id = dendrite_id
        self._clock = clock
        self._ids = ids

    async def _emit(
        self,
        payload: Payload,
        trace_id: str,
        parent_id: str | None,
        neuron: str | None,
        meta: dict[str, Any] | None,
    ) -> Signal:
        signal = Signal(
            id=self._ids.event(),
            trace_id=trace_id,
            parent_id=parent_id,
            type=payload.type,
            directed=Directed(id=neuron or self._dendrite_id),
            ts=self._clock.now(),
            payload=payload.to_wire(),
            meta={{}} if meta is None else meta,
        )
        await self._link.emit(signal)
        return signal'''


def emitters() -> str:
    """The text of `dendrite/_emitters.py`."""
    lines = _EMITTERS_HEAD.split("\n")
    by_type = {row.struct.type: row for row in read_table()}
    for kind in EMITTED:
        lines.extend(["", *_emitter(by_type[kind])])
    return "\n".join(lines) + "\n"


def _emitter(row: Row) -> Iterator[str]:
    neuron = Field("neuron", "str | None", "None", "In whose name; this Dendrite's when left out.")
    trace, parent = _TRACE["request" if row.struct.type is SignalType.ERROR else "reply"]
    parameters = [trace, parent, *row.fields, neuron, _META]
    parameters.sort(key=lambda field: field.default is not None)
    body = [
        "return await self._emit(",
        f"    payloads.{row.struct.__name__}(",
        *[f"        {field.argument()}," for field in row.fields],
        "    ),",
        "    trace_id,",
        "    parent_id,",
        "    neuron,",
        "    meta,",
        ")",
    ]
    summary = f"Publish {article(row.struct.type)} {row.struct.type}: {row.summary()[:1].lower()}{row.summary()[1:]}"
    return definition(
        f"async def emit_{row.snake}",
        parameters,
        "Signal",
        lambda: _sections(summary, parameters),
        body,
        "    ",
    )


OUTPUTS: dict[Path, Callable[[], str]] = {
    _PACKAGE / "factories.py": factories,
    _PACKAGE / "dendrite" / "_emitters.py": emitters,
    _PACKAGE / "testing" / "builders.py": builders,
}
"""Each generated file and what writes its text."""


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` only compare them.

    Returns:
        0, or 1 when `--check` found a difference.
    """
    stale: list[str] = []
    for path, text in OUTPUTS.items():
        if "--check" in arguments:
            if not path.exists() or path.read_text(encoding="utf-8") != text():
                stale.append(path.name)
        else:
            path.write_text(text(), encoding="utf-8")
    if stale:
        sys.stderr.write(
            f"{', '.join(stale)}: not what payloads.py says; run `python -m cosmo_sdk._tools.generate`\n"
        )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
