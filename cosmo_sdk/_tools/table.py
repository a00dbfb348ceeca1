"""The payload table as its source text has it, and how a generated function is written down."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmo_sdk._payload import Payload
from cosmo_sdk.payloads import PAYLOADS
from cosmo_sdk.signal_types import SignalType

_PAYLOADS = Path(__file__).resolve().parent.parent / "payloads.py"

_NEW_LIST = "msgspec.field(default_factory=list)"

NOTICE = "Generated from `cosmo_sdk/payloads.py` by `python -m cosmo_sdk._tools.generate`: change the table."
"""Said at the head of every generated file."""


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
    tree = ast.parse(_PAYLOADS.read_text(encoding="utf-8"))
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


def definition(
    head: str,
    parameters: list[Field],
    returns: str,
    doc: Callable[[], Iterator[str]],
    body: list[str],
    indent: str,
) -> Iterator[str]:
    """The lines of one function, formatted as `ruff format` would."""
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


def article(type: SignalType) -> str:
    """`a` or `an`, as the type is spoken."""
    return "an" if type[0] in "AEIO" else "a"
