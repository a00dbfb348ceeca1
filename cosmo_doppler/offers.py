"""Offers and tasks as a person composes them, in a shape that can be written down and made again."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec

from cosmo_sdk.bidding import Select

Kind = Literal["offer", "task"]

LONGEST_WINDOW_MS = 600_000
"""Ten minutes: a longer window is more likely a slip than a wish."""

LONGEST_INPUT = 20_000
"""Characters of an input that a form can still be asked to wrap and check at every key."""

LONGEST_NAME = 60
"""Characters of the name of a template."""


class Composed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an offer or a task asks for.

    Raises:
        ValueError: it could never be sent, or no form could show it as it is; in one line.
    """

    kind: Kind = "offer"
    capabilities: tuple[str, ...] = ()
    input: dict[str, Any] = {}
    select: Select = "first_bid"
    """How the winner is chosen. For a task it has no meaning."""
    window_ms: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_WINDOW_MS)] | None = None
    """How long bids are taken; None: as long as is usual on the bus. For a task it has no meaning."""
    neuron: str = ""
    """Of a task: who gets it; empty for whoever has the capabilities."""

    def __post_init__(self) -> None:
        for name in self.capabilities:
            if not _is_one_word(name) or "," in name:
                raise ValueError(f"capabilities: {name!r} is no name that can be typed in a list of them")
        if self.neuron and not _is_one_word(self.neuron):
            raise ValueError(f"neuron: {self.neuron!r} is no name that can be typed")
        if self.kind == "task" and not (self.neuron or self.capabilities):
            raise ValueError("a task needs a neuron, or the capabilities it takes")
        if problem := _input_problem(self.input):
            raise ValueError(f"input: {problem}")


class Template(Composed, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The same under a name.

    Raises:
        ValueError: as above, or it is no name.
    """

    name: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if not _is_one_word(self.name) or len(self.name) > LONGEST_NAME:
            raise ValueError(
                f"name: {self.name[:LONGEST_NAME]!r} is no name; write 1 to {LONGEST_NAME} characters that "
                "print, no blank at either end"
            )


def _is_one_word(text: str) -> bool:
    """Whether a field of one line can show it as it is, and gives it back unchanged."""
    return bool(text) and text.isprintable() and text == text.strip()


def _input_problem(value: dict[str, Any]) -> str:
    """Why an input cannot be sent or shown; empty when it can."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except TypeError:
        return "holds a date or a time, for which JSON has no word; put it in quotes"
    except ValueError:
        return "holds a number that is none (nan or inf), for which JSON has no word"
    except RecursionError:
        return "is nested too deep"
    if len(text) > LONGEST_INPUT:
        return f"has {len(text):,} characters; a form takes {LONGEST_INPUT:,}"
    return ""


def read_input(text: str) -> tuple[dict[str, Any], str]:
    """An input as typed, and why it is none; one of the two is empty."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        reason = error.msg[:1].lower() + error.msg[1:].removesuffix(" starting at")
        return {}, f"Input is not JSON at {where}: {reason}"
    except (ValueError, RecursionError) as error:
        return {}, f"Input is not JSON: {error}"
    if not isinstance(value, dict):
        return {}, 'Input must be a JSON object, like {"text": "hello"}'
    return value, ""


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON value")


def escape_json(text: str) -> str:
    """The same JSON without characters that do not print; white space between values stays."""
    return "".join(
        glyph if glyph.isprintable() or glyph in "\n\t" else json.dumps(glyph)[1:-1]
        for glyph in text.replace("\r\n", "\n").replace("\r", "\n")
    )
