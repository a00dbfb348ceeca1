"""Saved filters in an expression: `$costly or type:ERROR`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cosmo_doppler.query.ast import And, Named, Node, Not, Or, all_of, any_of
from cosmo_doppler.query.errors import QueryError, suggestion
from cosmo_doppler.query.parser import parse

MOST_USES = 64
"""Saved filters in one expression, those counted that are used by others."""

_NAME = re.compile(r"[A-Za-z_][\w-]{0,63}")


def is_name(text: str) -> bool:
    """Whether a filter can be saved under it: a letter, then letters, digits, `_` and `-`, 64 at most."""
    return _NAME.fullmatch(text) is not None


class Names:
    """What each name stands for, put in place of it.

    Args:
        named: expressions by name.
        check: raises `QueryError` for an expression, read and with its text, that cannot be meant.
    """

    def __init__(self, named: Mapping[str, str], check: Callable[[Node, str], object]) -> None:
        self._named = named
        self._check = check
        self._uses = 0
        self._inside: list[str] = []

    def resolve(self, node: Node, text: str) -> Node:
        """The same expression without names.

        Args:
            node: what was read.
            text: what it was read from.

        Raises:
            QueryError: a name that nothing is saved under, or whose expression cannot be meant.
        """
        match node:
            case Named():
                return self._meant(node, text)
            case Not():
                return Not(self.resolve(node.part, text))
            case And():
                return all_of([self.resolve(part, text) for part in node.parts])
            case Or():
                return any_of([self.resolve(part, text) for part in node.parts])
            case _:
                return node

    def _meant(self, node: Named, text: str) -> Node:
        name, position = node.name, node.position
        meaning = self._named.get(name)
        self._uses += 1
        if meaning is None:
            known = ", ".join(f"${each}" for each in sorted(self._named)[:8]) or "none is saved"
            hint = suggestion(f"${name}", (f"${each}" for each in self._named)) or f"; there are: {known}"
            raise QueryError(text, position, f"there is no saved filter ${name}{hint}")
        if name in self._inside:
            raise QueryError(text, position, f"the saved filter ${name} stands for itself")
        if self._uses > MOST_USES:
            raise QueryError(text, position, f"more than {MOST_USES} saved filters in one expression")
        self._inside.append(name)
        try:
            found = self.resolve(parse(meaning), meaning)
            self._check(found, meaning)
        except QueryError as error:
            raise QueryError(
                text, position, f"the saved filter ${name} cannot be used: {error.problem}"
            ) from None
        self._inside.pop()
        return found
