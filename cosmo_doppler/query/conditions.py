"""From one comparison, text or pattern to a condition on a signal."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cosmo_doppler.query.ast import Compare, Pattern, Text
from cosmo_doppler.query.errors import QueryError, shown, suggestion
from cosmo_doppler.query.fields import FIELDS, FLAGS, PATHS, SEARCHED, Column, Field, find_field
from cosmo_doppler.query.patterns import MAX_SEEN, Search, glob, search
from cosmo_doppler.query.rows import Known, Row
from cosmo_doppler.query.searched import finder, raw_needle, text_of
from cosmo_doppler.query.values import as_number, as_text, expected, read_number
from cosmo_sdk.signal_types import SignalType

Test = Callable[[Any], bool]

_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_PLAIN = re.compile(r"[A-Za-z0-9_. -]+")
"""Text that JSON writes as it is, unless every letter of it is written as a number."""


class Condition(Struct, frozen=True):
    """One condition, and the cheaper ways to decide it. `matches` never raises, whatever the signal is."""

    matches: Callable[[Row], bool]
    cost: int
    column: Column | None = None
    of_name: Callable[[str, Known], bool] | None = None
    """The same for a name in `column`, which alone decides it."""
    hint: bytes = b""
    """What the frame of every signal that matches contains, unless it hides something (`searched.hides`)."""
    any_case: bool = False
    """The hint is in lower case, and what is not ASCII hides something, too."""
    folded: bool = False
    """Whether it may change as time goes by."""
    sees: int = MAX_SEEN
    """How much of a text its pattern looks at, characters."""


def condition(node: Compare | Text | Pattern, text: str) -> Condition:
    """Compile a leaf of an expression.

    Args:
        node: the leaf.
        text: the whole expression, for errors.

    Raises:
        QueryError: it names an unknown field, or holds a field against a value it cannot have.
    """
    match node:
        case Compare():
            return _compare(node, text)
        case Text():
            return Condition(finder(node.text), SEARCHED, hint=raw_needle(node.text), any_case=True)
        case Pattern():
            found = _searching(node.pattern, text, node.position)
            return Condition(lambda row: found(text_of(row)), SEARCHED, sees=found.seen)


def _compare(node: Compare, text: str) -> Condition:
    if node.field in ("has", "is"):
        return _flag(node, text)
    field = find_field(node.field)
    if field is None:
        raise _unknown(node.field, node.position, text)
    if field is FIELDS["text"] and node.op in (":", "=", "!="):
        return _contains(node)
    if node.op in ("~", "!~"):
        return _matched(node, field, text)
    test = _any_of(_test(node, field, text))
    if node.op == "!=":
        return _built(field, lambda value: not test(value))
    return _built(field, test, _hint(node, field))


def _matched(node: Compare, field: Field, text: str) -> Condition:
    found = _searching(node.value, text, node.value_position)
    test = _any_of(lambda value: (said := as_text(value)) is not None and found(said))
    if node.op == "!~":
        return replace(_built(field, lambda value: not test(value)), sees=found.seen)
    return replace(_built(field, test, _hint(node, field)), sees=found.seen)


def _contains(node: Compare) -> Condition:
    found = finder(node.value)
    if node.op == "!=":
        return Condition(lambda row: not found(row), SEARCHED)
    return Condition(found, SEARCHED, hint=raw_needle(node.value), any_case=True)


def _built(field: Field, test: Test, hint: bytes = b"") -> Condition:
    read, of_name = field.read, field.of_name
    by_name = None if of_name is None else lambda name, known: test(of_name(name, known))
    return Condition(
        lambda row: test(read(row)), field.cost, field.column, by_name, hint, folded=field.folded
    )


def _hint(node: Compare, field: Field) -> bytes:
    """What the frames of all signals contain that pass a condition without negation; the rarest such thing."""
    if field.kind == "truth":
        return field.hint if node.value.lower() == "true" else b""
    if field.kind != "any":
        return field.hint
    exact = node.op in (":", "=") and not (node.op == ":" and "*" in node.value and not node.quoted)
    if exact and _PLAIN.fullmatch(node.value) and not _is_number(node.value):
        return node.value.encode()
    # Names at the top of a payload may be spelled as in the draft; those further in are as they are.
    names = [step for step in node.field.split(".")[1:] if not step.isdigit()]
    inside = names if node.field.startswith("meta.") else names[1:]
    return inside[-1].encode() if inside and _PLAIN.fullmatch(inside[-1]) else b""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _flag(node: Compare, text: str) -> Condition:
    name = f"{node.field}:{node.value.lower()}"
    if node.op not in (":", "=", "!="):
        raise QueryError(text, node.position, f"expected {node.field}: and one of {_flags(node.field)}")
    flag = FLAGS.get(name)
    if flag is None:
        hint = suggestion(name, FLAGS) or f"; there are {_flags(node.field)}"
        raise QueryError(text, node.position, f"unknown field {shown(name)}{hint}")
    return _built(flag, (lambda value: not value) if node.op == "!=" else bool)


def _flags(prefix: str) -> str:
    return " ".join(name.partition(":")[2] for name in FLAGS if name.startswith(prefix))


def _unknown(name: str, position: int, text: str) -> QueryError:
    hint = suggestion(name, [*FIELDS, *FLAGS, *PATHS]) or "; `cosmo doppler --fields` lists them all"
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
    elif field.values and not node.quoted and "*" not in wanted:
        _check_listed(node, field, text)
    if not node.quoted and node.op == ":" and "*" in wanted:
        like = glob(wanted)
        return lambda value: (said := as_text(value)) is not None and like(said)
    if field.kind == "id":
        return lambda value: isinstance(value, str) and value.endswith(wanted)
    if field.kind == "any" and not node.quoted and (number := read_number(wanted, "any")) is not None:
        return lambda value: as_number(value) == number or value == wanted
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


def _check_listed(node: Compare, field: Field, text: str) -> None:
    if node.value not in field.values:
        hint = suggestion(node.value, field.values) or f"; there are {' '.join(field.values)}"
        raise QueryError(text, node.value_position, f"{node.field} is never {shown(node.value)}{hint}")


def _searching(pattern: str, text: str, position: int) -> Search:
    try:
        return search(pattern)
    except ValueError as error:
        raise QueryError(text, max(0, position), str(error)) from None
