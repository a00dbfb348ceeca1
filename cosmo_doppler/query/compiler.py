"""From a text to a filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from cosmo_doppler.query.ast import And, Named, Node, Not, Or, write
from cosmo_doppler.query.conditions import Condition, condition
from cosmo_doppler.query.errors import QueryError
from cosmo_doppler.query.named import Names
from cosmo_doppler.query.parser import parse
from cosmo_doppler.query.rows import Row


class AllOf(Struct, frozen=True):
    """Every part holds. The cheapest come first: parts never raise and change nothing, so their order is free."""

    parts: tuple[Step, ...]


class AnyOf(Struct, frozen=True):
    """A part holds; the cheapest come first."""

    parts: tuple[Step, ...]


class NotOf(Struct, frozen=True):
    """The part does not hold."""

    part: Step


Step = Condition | AllOf | AnyOf | NotOf
"""A compiled expression."""


class Filter(Struct, frozen=True):
    """An expression ready for use."""

    text: str
    """As a person wrote it."""
    node: Node
    """What it means; saved filters stand in place of their names."""
    step: Step
    matches: Callable[[Row], bool]
    """Whether a signal is meant. Never raises, whatever the signal is."""
    folded: bool
    """Whether it is about more than single signals: it needs `Known.board`, and its answers may change."""

    sees: int
    """How much of a text the shortest-sighted of its patterns looks at, characters."""

    @property
    def written(self) -> str:
        """The expression in its plainest spelling, without names."""
        return write(self.node)


def compile_filter(text: str, named: Mapping[str, str] | None = None) -> Filter:
    """Read and compile an expression.

    Args:
        text: the expression.
        named: saved filters by name, for `$name`.

    Raises:
        QueryError: it is none, names an unknown field or filter, or holds a field against a value it cannot have.
    """
    node = Names(named or {}, _compile).resolve(parse(text), text)
    step = _compile(node, text)
    return Filter(text.strip(), node, step, _matcher(step), _is_folded(step), _sees(step))


def _compile(node: Node, text: str) -> Step:
    match node:
        case Not():
            return NotOf(_compile(node.part, text))
        case And() | Or():
            parts = tuple(sorted((_compile(part, text) for part in node.parts), key=_cost))
            return AllOf(parts) if isinstance(node, And) else AnyOf(parts)
        case Named():
            raise QueryError(text, node.position, f"${node.name} was not replaced by what it stands for")
        case _:
            return condition(node, text)


def _cost(step: Step) -> int:
    match step:
        case Condition():
            return step.cost
        case NotOf():
            return _cost(step.part)
        case AllOf() | AnyOf():
            return _cost(step.parts[-1])


def _is_folded(step: Step) -> bool:
    match step:
        case Condition():
            return step.folded
        case NotOf():
            return _is_folded(step.part)
        case AllOf() | AnyOf():
            return any(map(_is_folded, step.parts))


def _sees(step: Step) -> int:
    match step:
        case Condition():
            return step.sees
        case NotOf():
            return _sees(step.part)
        case AllOf() | AnyOf():
            return min(map(_sees, step.parts))


def _matcher(step: Step) -> Callable[[Row], bool]:
    match step:
        case Condition():
            return step.matches
        case NotOf():
            inner = _matcher(step.part)
            return lambda row: not inner(row)
        case AllOf():
            every = tuple(map(_matcher, step.parts))
            return lambda row: all(test(row) for test in every)
        case AnyOf():
            some = tuple(map(_matcher, step.parts))
            return lambda row: any(test(row) for test in some)
