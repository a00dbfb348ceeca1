"""Write `cosmo_sdk/factories.py` and `cosmo_sdk/dendrite/_emitters.py` from the table in `cosmo_sdk/payloads.py`.

    python -m cosmo_sdk._tools.generate            write both files
    python -m cosmo_sdk._tools.generate --check    exit 1 when one of them is not what the table says

Annotations, defaults and docstrings are taken from the table's source text, so that what an editor shows for
`emit_plan` is word for word what the table says. The output is formatted as `ruff format` would.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmo_sdk._payload import Payload
from cosmo_sdk.payloads import PAYLOADS
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

_NEW_LIST = "msgspec.field(default_factory=list)"

_NOTICE = "Generated from `cosmo_sdk/payloads.py` by `python -m cosmo_sdk._tools.generate`: change the table."


@dataclass(frozen=True)
class Field:
    """One parameter: a payload field as its source has it."""

    name: str
    annotation: str
    default: str | None
    doc: str

    def parameter(self) -> str:
        """The parameter's text. A mutable default becomes None, as Python wants it."""
        if self.default is None:
            return f"{self.name}: {self.annotation}"
        if self.default == _NEW_LIST:
            return f"{self.name}: {self.annotation} | None = None"
        return f"{self.name}: {self.annotation} = {self.default}"

    def argument(self) -> str:
        """How the parameter is handed to the struct."""
        value = f"{self.name} or []" if self.default == _NEW_LIST else self.name
        return f"{self.name}={value}"


@dataclass(frozen=True)
class Row:
    """One struct of the table."""

    struct: type[Payload]
    doc: str
    fields: tuple[Field, ...]

    @property
    def snake(self) -> str:
        """`task_offer` for TASK_OFFER."""
        return self.struct.type.lower()

    def summary(self) -> str:
        """The first sentence of the struct, without its full stop."""
        return self.doc.partition(". ")[0].rstrip(".")


def read_table() -> list[Row]:
    """The rows of `payloads.py`, in the order of the types."""
    tree = ast.parse((_PACKAGE / "payloads.py").read_text(encoding="utf-8"))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    return [_read_row(PAYLOADS[kind], classes[PAYLOADS[kind].__name__]) for kind in SignalType]


def _read_row(struct: type[Payload], node: ast.ClassDef) -> Row:
    fields: list[Field] = []
    for statement, following in zip(node.body, [*node.body[1:], None], strict=True):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        if ast.unparse(statement.annotation).startswith("ClassVar"):
            continue
        fields.append(
            Field(
                name=statement.target.id,
                annotation=ast.unparse(statement.annotation),
                default=None if statement.value is None else _literal(statement.value),
                doc=_docstring(following),
            )
        )
    return Row(struct=struct, doc=ast.get_docstring(node) or "", fields=tuple(fields))


def _literal(node: ast.expr) -> str:
    """The source of a default, in double quotes as the formatter wants them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return f'"{node.value}"'
    return ast.unparse(node)


def _docstring(node: ast.stmt | None) -> str:
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ):
        return node.value.value
    raise ValueError(f"line {getattr(node, 'lineno', '?')} of payloads.py: a field without its sentence")


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


def _definition(
    head: str,
    parameters: list[Field],
    returns: str,
    doc: Callable[[], Iterator[str]],
    body: list[str],
    indent: str,
) -> Iterator[str]:
    yield f"{indent}{head}("
    if indent:
        yield f"{indent}    self,"
    yield f"{indent}    *,"
    for field in parameters:
        yield f"{indent}    {field.parameter()},"
    yield f"{indent}) -> {returns}:"
    for line in doc():
        yield f"{indent}    {line}" if line else ""
    for line in body:
        yield f"{indent}    {line}"


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
        _NOTICE,
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
    return _definition(
        f"def {row.snake}_signal", parameters, "Signal", lambda: _sections(summary, parameters), body, ""
    )


_EMITTERS_HEAD = f'''"""The `emit_*` methods of a Dendrite (PROTOCOL 6.19).

{_NOTICE}
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
    summary = f"Publish {_article(row.struct.type)} {row.struct.type}: {row.summary()[:1].lower()}{row.summary()[1:]}"
    return _definition(
        f"async def emit_{row.snake}",
        parameters,
        "Signal",
        lambda: _sections(summary, parameters),
        body,
        "    ",
    )


def _article(type: SignalType) -> str:
    return "an" if type[0] in "AEIO" else "a"


OUTPUTS: dict[Path, Callable[[], str]] = {
    _PACKAGE / "factories.py": factories,
    _PACKAGE / "dendrite" / "_emitters.py": emitters,
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
