"""From text to a tree.

    expr := and ("or" and)* ;  and := not (["and"] not)* ;  not := ("not" | "-")* term
    term := "(" expr ")" | field op value | /regex/ | "text" | $name

Words, fields and values end at white space and parentheses; `"` quotes what holds those. A name stands for a saved
filter (`named.py`).
"""

from __future__ import annotations

import re

from cosmo_doppler.query.ast import (
    OPERATORS,
    Compare,
    Named,
    Node,
    Not,
    Operator,
    Pattern,
    Text,
    all_of,
    any_of,
)
from cosmo_doppler.query.errors import QueryError, shown

MAX_LENGTH = 4_096
"""Longest expression, characters."""

MAX_DEPTH = 64
"""Deepest nesting of parentheses and negations."""

_SPACE = re.compile(r"\s*")
_FIELD = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)*")
_WORD = re.compile(r'[^\s()"]+')
_KEYWORD = re.compile(r"(and|or|not)(?=[\s()\"/]|$)", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_NAME = re.compile(r"\$([A-Za-z_][\w-]*)")
_SLASHED = re.compile(r"/((?:[^/\\]|\\.)*)/", re.DOTALL)


def parse(text: str) -> Node:
    """Read an expression.

    Raises:
        QueryError: it is none; says where and what was expected.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(text, MAX_LENGTH, f"too long: {len(text):,} characters, at most {MAX_LENGTH:,}")
    return _Parser(text).whole()


class _Parser:
    """One walk over one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._any()
        if self._place < len(self._text):
            raise self._error("a ) without its (")
        return node

    def _any(self) -> Node:
        parts = [self._all()]
        while self._keyword("or"):
            parts.append(self._all())
        return any_of(parts)

    def _all(self) -> Node:
        parts = [self._negated()]
        while True:
            joined = self._keyword("and")
            self._skip()
            if not joined and (self._peek() in ("", ")") or self._next_keyword() == "or"):
                return all_of(parts)
            parts.append(self._negated())

    def _negated(self) -> Node:
        if self._keyword("not") or self._sign("-"):
            self._deeper()
            part = self._negated()
            self._depth -= 1
            return Not(part)
        return self._term()

    def _term(self) -> Node:
        self._skip()
        start = self._place
        if self._sign("("):
            return self._group(start)
        if self._peek() == '"':
            return Text(self._quoted())
        if self._peek() == "/":
            return self._slashed()
        if self._peek() == "$":
            return self._named()
        if keyword := self._next_keyword():
            raise self._error(f"a condition was expected before {keyword!r}")
        field = _FIELD.match(self._text, start)
        if field is None:
            raise self._error('expected a condition like type:BID, a "text" or a /pattern/')
        self._place = field.end()
        return self._comparison(field[0], start)

    def _group(self, start: int) -> Node:
        self._deeper()
        node = self._any()
        self._skip()
        if not self._sign(")"):
            raise QueryError(self._text, start, "a ( without its )")
        self._depth -= 1
        return node

    def _comparison(self, field: str, start: int) -> Compare:
        self._skip()
        op = self._operator()
        if op is None:
            raise QueryError(
                self._text,
                start,
                f"expected an operator after {shown(field)}, or quotes to search for it: {' '.join(OPERATORS)}",
            )
        self._skip()
        at = self._place
        if self._peek() == '"':
            return Compare(field, op, self._quoted(), True, start, at)
        word = _WORD.match(self._text, at)
        if word is None:
            raise self._error(f"expected a value after {field[:40]}{op}")
        self._place = word.end()
        return Compare(field, op, word[0], False, start, at)

    def _operator(self) -> Operator | None:
        for op in OPERATORS:
            if self._text.startswith(op, self._place):
                self._place += len(op)
                return op
        return None

    def _quoted(self) -> str:
        found = _QUOTED.match(self._text, self._place)
        if found is None:
            raise self._error('a " without its end')
        self._place = found.end()
        return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL)

    def _slashed(self) -> Pattern:
        start = self._place
        found = _SLASHED.match(self._text, start)
        if found is None:
            raise self._error("a / without the / at the end of its pattern")
        self._place = found.end()
        return Pattern(found[1].replace("\\/", "/"), start)

    def _named(self) -> Named:
        start = self._place
        found = _NAME.match(self._text, start)
        if found is None:
            raise self._error("a $ without the name of a saved filter")
        self._place = found.end()
        return Named(found[1], start)

    def _skip(self) -> None:
        space = _SPACE.match(self._text, self._place)
        self._place = self._place if space is None else space.end()

    def _peek(self) -> str:
        return self._text[self._place : self._place + 1]

    def _sign(self, sign: str) -> bool:
        self._skip()
        if self._peek() != sign:
            return False
        self._place += 1
        return True

    def _next_keyword(self) -> str:
        found = _KEYWORD.match(self._text, self._place)
        return found[1].lower() if found else ""

    def _keyword(self, word: str) -> bool:
        self._skip()
        if self._next_keyword() != word:
            return False
        self._place += len(word)
        return True

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH}")

    def _error(self, problem: str) -> QueryError:
        if self._place >= len(self._text):
            problem = f"{problem}, but here the expression ends"
        return QueryError(self._text, self._place, problem)
