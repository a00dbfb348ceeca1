"""Which part of an expression a bus can judge by itself. Pure.

A gate looks at the envelope's type, trace and address and at the subject, each for one exact value. Whatever else an
expression asks is judged by who put the gate up, signal by signal.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cosmo_bus.facts import Where
from cosmo_doppler.query.ast import And, Compare, Node, Or

_WHOLE_ID = re.compile(r"trc_[0-9A-Za-z]{26}")
"""A shorter id means every trace that ends like it, which no gate can tell."""

_SUBJECT = re.compile(r"cosmonapse\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Scope(NamedTuple):
    """What the bus is asked to hold for an expression."""

    where: Where
    subject: str
    """Pattern of the subjects it watches."""
    whole: bool
    """Whether that is all of the expression, so that the bus holds nothing in vain."""

    @property
    def wide(self) -> bool:
        """Whether every signal of the namespace has to be held for a moment."""
        return self.where == Where() and self.subject.endswith(">")

    @property
    def words(self) -> str:
        """What the bus judges, as a person would write it."""
        where = self.where
        said = [
            f"{name}:{value}"
            for name, value in (("type", where.type), ("who", where.neuron), ("trace", where.trace_id))
            if value is not None
        ]
        return " ".join(said) or ("every signal" if self.wide else f"subject:{self.subject}")


class _Part(NamedTuple):
    facts: dict[str, str]
    whole: bool


def scope_of(node: Node, namespace: str) -> Scope:
    """The narrowest gate that misses nothing of what an expression means in a namespace."""
    facts, whole = _read(node)
    subject = facts.pop("subject", f"cosmonapse.{namespace}.>")
    return Scope(Where(**facts), subject, whole)


def _read(node: Node) -> _Part:
    match node:
        case Compare():
            found = _fact(node)
            return _Part({} if found is None else dict([found]), found is not None)
        case And():
            parts = [_read(part) for part in node.parts]
            facts: dict[str, str] = {}
            for part in parts:
                for name, value in part.facts.items():
                    facts.setdefault(name, value)
            # Two values for one fact: nothing matches, but that is for the expression to say.
            agree = all(facts[name] == value for part in parts for name, value in part.facts.items())
            return _Part(facts, agree and all(part.whole for part in parts))
        case Or():
            first, *others = (_read(part) for part in node.parts)
            shared = {
                name: value
                for name, value in first.facts.items()
                if all(other.facts.get(name) == value for other in others)
            }
            return _Part(shared, False)
        case _:
            return _Part({}, False)


def _fact(node: Compare) -> tuple[str, str] | None:
    """What the bus can look at instead of a comparison; None when it cannot."""
    if node.op not in (":", "="):
        return None
    value = node.value
    if node.field == "has" and value.lower() == "error":
        return "type", "ERROR"
    if "*" in value and node.op == ":" and not node.quoted:
        return None
    if node.field == "type":
        return "type", value if node.quoted else value.upper().replace("-", "_")
    if node.field == "who" and value:
        return "neuron", value
    if node.field == "trace" and _WHOLE_ID.fullmatch(value):
        return "trace_id", value
    if node.field == "subject" and _SUBJECT.fullmatch(value):
        return "subject", value
    return None
