"""From a tree to one function that says whether a signal is meant."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from cosmo_doppler.query.ast import And, Compare, Node, Not, Or, Pattern, Text
from cosmo_doppler.query.errors import QueryError, shown, suggestion
from cosmo_doppler.query.fields import (
    FIELDS,
    FLAGS,
    FOLDED,
    PATHS,
    SEARCHED,
    Field,
    find_field,
    text_of,
)
from cosmo_doppler.query.parser import parse
from cosmo_doppler.query.patterns import glob, search
from cosmo_doppler.query.rows import Row
from cosmo_doppler.query.values import as_number, as_text, expected, read_number
from cosmo_sdk.signal_types import SignalType

Predicate = Callable[[Row], bool]
Test = Callable[[Any], bool]

_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Query(NamedTuple):
    """An expression ready for use. `matches` never raises, whatever the signal is."""

    text: str
    node: Node
    matches: Predicate


class _Step(NamedTuple):
    cost: int
    matches: Predicate


def compile_query(text: str) -> Query:
    """Read and compile an expression.

    Raises:
        QueryError: it is none, names an unknown field, or holds a field against a value it cannot have.
    """
    node = parse(text)
    return Query(text, node, _compile(node, text).matches)


def _compile(node: Node, text: str) -> _Step:
    match node:
        case Compare():
            return _compare(node, text)
        case Text():
            needle = node.text.casefold()
            return _Step(SEARCHED, lambda row: needle in text_of(row).casefold())
        case Pattern():
            found = _searching(node.pattern, text, node.position)
            return _Step(SEARCHED, lambda row: found(text_of(row)))
        case Not():
            cost, inner = _compile(node.part, text)
            return _Step(cost, lambda row: not inner(row))
        case And() | Or():
            return _joined(node, text)


def _joined(node: And | Or, text: str) -> _Step:
    """All parts, the cheapest first: they never raise and change nothing, so their order does not matter."""
    steps = sorted((_compile(part, text) for part in node.parts), key=lambda step: step.cost)
    tests = tuple(step.matches for step in steps)
    cost = steps[-1].cost
    if isinstance(node, And):
        return _Step(cost, lambda row: all(test(row) for test in tests))
    return _Step(cost, lambda row: any(test(row) for test in tests))


def _compare(node: Compare, text: str) -> _Step:
    if node.field in ("has", "is"):
        return _flag(node, text)
    field = find_field(node.field)
    if field is None:
        raise _unknown(node.field, node.position, text)
    negated = node.op in ("!=", "!~")
    test = _any_of(_test(node, field, text))
    read = field.read
    if negated:
        return _Step(field.cost, lambda row: not test(read(row)))
    return _Step(field.cost, lambda row: test(read(row)))


def _flag(node: Compare, text: str) -> _Step:
    name = f"{node.field}:{node.value.lower()}"
    if node.op not in (":", "=", "!="):
        raise QueryError(text, node.position, f"expected {node.field}: and one of {_flags(node.field)}")
    flag = FLAGS.get(name)
    if flag is None:
        raise _unknown(name, node.position, text)
    read = flag.read
    return _Step(flag.cost, (lambda row: not read(row)) if node.op == "!=" else (lambda row: bool(read(row))))


def _flags(prefix: str) -> str:
    return " ".join(name.partition(":")[2] for name in FLAGS if name.startswith(prefix))


def _unknown(name: str, position: int, text: str) -> QueryError:
    if name in FOLDED:
        return QueryError(
            text, position, f"{name} is about more than one signal; this filter sees one at a time"
        )
    hint = suggestion(name, [*FIELDS, *FLAGS]) or f"; there are {' '.join(FIELDS)} {' '.join(PATHS)}..."
    return QueryError(text, position, f"unknown field {shown(name)}{hint}")


def _any_of(test: Test) -> Test:
    """A list passes when one of its items does; what is not there passes nothing."""

    def passes(value: Any) -> bool:
        if value is None:
            return False
        return any(map(test, value)) if isinstance(value, list) else test(value)

    return passes


def _test(node: Compare, field: Field, text: str) -> Test:
    """The condition without its negation."""
    if node.op in ("~", "!~"):
        found = _searching(node.value, text, node.value_position)
        return lambda value: (said := as_text(value)) is not None and found(said)
    if node.op in _ORDER:
        return _ordering(node, field, text)
    if field.kind in ("number", "seconds", "bytes", "time"):
        wanted = _number(node, field, text)
        return lambda value: as_number(value) == wanted
    if field.kind == "truth":
        return _truth(node, text)
    return _equality(node, field, text)


def _ordering(node: Compare, field: Field, text: str) -> Test:
    if field.kind in ("type", "text", "id", "truth"):
        raise QueryError(text, node.position, f"{node.field} has no order; use : = != ~ or !~")
    wanted, holds = _number(node, field, text), _ORDER[node.op]
    return lambda value: (number := as_number(value)) is not None and holds(number, wanted)


def _number(node: Compare, field: Field, text: str) -> float:
    number = None if node.quoted else read_number(node.value, field.kind)
    if number is None:
        raise QueryError(
            text,
            node.value_position,
            f"{node.field} needs {expected(field.kind)}, not {shown(node.value)}",
        )
    return number


def _truth(node: Compare, text: str) -> Test:
    wanted = {"true": True, "false": False}.get(node.value.lower())
    if wanted is None:
        raise QueryError(
            text, node.value_position, f"{node.field} needs true or false, not {shown(node.value)}"
        )
    return lambda value: value is wanted


def _equality(node: Compare, field: Field, text: str) -> Test:
    wanted = node.value
    if field.kind == "type":
        wanted = _type(node, text)
    if not node.quoted and node.op == ":" and "*" in wanted:
        like = glob(wanted)
        return lambda value: (said := as_text(value)) is not None and like(said)
    if field.kind == "id":
        return lambda value: isinstance(value, str) and value.endswith(wanted)
    if field.kind == "any" and not node.quoted and (number := read_number(wanted, "any")) is not None:
        return lambda value: as_number(value) == number or value == wanted
    if field is FIELDS["text"]:
        needle = wanted.casefold()
        return lambda value: needle in value.casefold()
    return lambda value: as_text(value) == wanted


def _type(node: Compare, text: str) -> str:
    """A type in any case. One that no release has must be quoted, because it is rather a slip of the pen."""
    if node.quoted:
        return node.value
    name = node.value.upper().replace("-", "_")
    if "*" not in name and name not in SignalType.__members__:
        hint = suggestion(name, SignalType.__members__)
        raise QueryError(
            text,
            node.value_position,
            f"unknown type {shown(node.value)}{hint}; to look for it all the same write it in quotes",
        )
    return name


def _searching(pattern: str, text: str, position: int) -> Callable[[str], bool]:
    try:
        return search(pattern)
    except ValueError as error:
        raise QueryError(text, max(0, position), str(error)) from None
