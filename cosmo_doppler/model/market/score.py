"""A score that a person types: arithmetic over the terms of a bid, and nothing else.

The text is parsed by `ast`, checked against a list of what is allowed, and turned into functions of our own. Nothing of
it is ever run: no names but the terms, no attributes, no calls but the functions below.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from difflib import get_close_matches
from typing import NamedTuple

MAX_LENGTH = 300
"""Characters of an expression at the most."""


class Terms(NamedTuple):
    """What a bid is scored by; NaN where it says nothing."""

    cost: float
    eta: float
    """Milliseconds."""
    conf: float
    age: float
    """Milliseconds from the offer to the bid."""
    honesty: float
    """How far its bidder kept earlier promises, 0 to 1."""


class ScoreError(ValueError):
    """An expression that is no score; says what is wrong and what is allowed."""


_Part = Callable[[Terms], float]

_ALIASES = {"confidence": "conf", "eta_ms": "eta"}

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: math.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, tuple[Callable[..., float], int, int]] = {
    "min": (min, 2, 8),
    "max": (max, 2, 8),
    "abs": (abs, 1, 1),
    "sqrt": (math.sqrt, 1, 1),
    "log": (math.log, 1, 1),
    "exp": (math.exp, 1, 1),
}
"""Name, what it does, and how many arguments it takes at least and at most."""

ALLOWED = f"{', '.join(Terms._fields)}, numbers, + - * / // % **, comparisons, `a if b else c`, {', '.join(_FUNCTIONS)}"
"""What a score may be made of, in words."""


class Score:
    """A checked expression. The bid with the highest score wins.

    Args:
        text: e.g. `conf / (cost + 0.001)` or `-cost - eta / 1000`.

    Raises:
        ScoreError: it is no such expression.
    """

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        """The expression, on one line."""
        if len(text) > MAX_LENGTH:
            raise ScoreError(f"a score has at most {MAX_LENGTH} characters; this has {len(text)}")
        try:
            tree = ast.parse(self.text, mode="eval")
            self._value = _read(tree.body)
        except SyntaxError as error:
            where = f" at character {error.offset}" if error.offset else ""
            raise ScoreError(f"{self.text[:40]!r} is no expression{where}; use {ALLOWED}") from None
        except (RecursionError, MemoryError, ValueError, OverflowError) as error:
            if isinstance(error, ScoreError):
                raise
            raise ScoreError(f"{self.text[:40]!r} is no expression that can be read; use {ALLOWED}") from None

    def __call__(self, terms: Terms) -> float | None:
        """The score of a bid; None when a term it needs was not said, or when it cannot be calculated."""
        try:
            value = float(self._value(terms))
        except (ArithmeticError, ValueError, RecursionError):
            return None
        return None if math.isnan(value) else value


def _read(node: ast.expr) -> _Part:
    """One part of the expression as a function."""
    match node:
        case ast.Constant(value=bool()):
            raise ScoreError(f"{node.value!r} is no number; use {ALLOWED}")
        case ast.Constant(value=int() | float() as value):
            number = float(value)
            return lambda _: number
        case ast.Name(id=name):
            return _term(name)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _unary(_UNARY[type(op)], _read(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _binary(_BINARY[type(op)], _read(left), _read(right))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return _comparison(_COMPARE[type(op)], _read(left), _read(right))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _choice(_read(test), _read(body), _read(orelse))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _call(name, [_read(argument) for argument in arguments])
        case _:
            pass
    raise ScoreError(f"{_shorten(ast.unparse(node))} is not allowed in a score; use {ALLOWED}")


def _shorten(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _term(name: str) -> _Part:
    field = _ALIASES.get(name, name)
    if field not in Terms._fields:
        near = get_close_matches(name, [*Terms._fields, *_ALIASES], n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"use {ALLOWED}"
        raise ScoreError(f"a bid has no {_shorten(name)}; {hint}")
    index = Terms._fields.index(field)
    return lambda terms: terms[index]


def _unary(apply: Callable[[float], float], operand: _Part) -> _Part:
    return lambda terms: apply(operand(terms))


def _binary(apply: Callable[[float, float], float], left: _Part, right: _Part) -> _Part:
    return lambda terms: apply(left(terms), right(terms))


def _comparison(apply: Callable[[float, float], bool], left: _Part, right: _Part) -> _Part:
    def compare(terms: Terms) -> float:
        one, other = left(terms), right(terms)
        return math.nan if math.isnan(one) or math.isnan(other) else float(apply(one, other))

    return compare


def _choice(test: _Part, body: _Part, orelse: _Part) -> _Part:
    def choose(terms: Terms) -> float:
        decided = test(terms)
        if math.isnan(decided):
            return math.nan
        return body(terms) if decided else orelse(terms)

    return choose


def _call(name: str, arguments: list[_Part]) -> _Part:
    if name not in _FUNCTIONS:
        raise ScoreError(f"{_shorten(name)} is no function of a score; there are {', '.join(_FUNCTIONS)}")
    apply, least, most = _FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise ScoreError(f"{name} takes {wanted} values, not {len(arguments)}")

    def call(terms: Terms) -> float:
        values = [argument(terms) for argument in arguments]
        return math.nan if any(map(math.isnan, values)) else apply(*values)

    return call
