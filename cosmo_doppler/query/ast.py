"""An expression as a tree, and the tree as text again."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Operator = Literal[":", "=", "!=", "<", "<=", ">", ">=", "~", "!~"]

OPERATORS: tuple[Operator, ...] = ("!=", "!~", "<=", ">=", ":", "=", "<", ">", "~")
"""All of them; those of two characters first, as a reader has to try them."""


class Compare(Struct, frozen=True):
    """A field held against a value."""

    field: str
    op: Operator
    value: str
    quoted: bool = False
    """A quoted value is taken as it stands: no pattern, no number, no unit."""
    position: int = -1
    """Where the field begins in the text; says nothing about equality."""
    value_position: int = -1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Compare) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, str, str, bool]:
        return self.field, self.op, self.value, self.quoted


class Text(Struct, frozen=True):
    """A text to be found anywhere in a signal, whatever its case."""

    text: str


class Pattern(Struct, frozen=True):
    """A regular expression to be found anywhere in a signal."""

    pattern: str
    position: int = -1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and self.pattern == other.pattern

    def __hash__(self) -> int:
        return hash(self.pattern)


class Named(Struct, frozen=True):
    """A saved filter, by its name."""

    name: str
    position: int = -1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Named) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


class Not(Struct, frozen=True):
    """What the part is not."""

    part: Node


class And(Struct, frozen=True):
    """All of the parts; two or more, none of them an `And`."""

    parts: tuple[Node, ...]


class Or(Struct, frozen=True):
    """Any of the parts; two or more, none of them an `Or`."""

    parts: tuple[Node, ...]


Node = Compare | Text | Pattern | Named | Not | And | Or


def all_of(parts: list[Node]) -> Node:
    """The conjunction of one part or more, flat."""
    flat = [leaf for part in parts for leaf in (part.parts if isinstance(part, And) else (part,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(parts: list[Node]) -> Node:
    """The disjunction of one part or more, flat."""
    flat = [leaf for part in parts for leaf in (part.parts if isinstance(part, Or) else (part,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def write(node: Node) -> str:
    """The expression as text; parsing it gives the same tree."""
    match node:
        case Compare():
            return f"{node.field}{node.op}{_quote(node.value) if node.quoted else node.value}"
        case Text():
            return _quote(node.text)
        case Pattern():
            return "/" + node.pattern.replace("/", "\\/") + "/"
        case Named():
            return f"${node.name}"
        case Not():
            return f"not {_inside(node.part)}"
        case And():
            return " ".join(_inside(part) for part in node.parts)
        case Or():
            return " or ".join(_inside(part) for part in node.parts)


def _inside(node: Node) -> str:
    return f"({write(node)})" if isinstance(node, And | Or) else write(node)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
