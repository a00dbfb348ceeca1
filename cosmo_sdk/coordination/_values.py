"""What callers may put in: names, amounts, fractions, durations, and JSON. One clear error for everything else."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

MAX_ID = 256
"""Characters of an identifier."""

MAX_DEPTH = 100
"""How deep a value may nest."""

LONGEST_S = 1e11
"""The longest duration, seconds: three thousand years. What is longer ends on no calendar."""

_LARGEST = 1 << 63

Amount: TypeAlias = int | float | Decimal
"""What a price, a bid or a weight may be given as. Computed as Decimal."""

FractionLike: TypeAlias = str | int | float | Fraction
"""What a share may be given as: `"2/3"`, 0.5. Compared exactly."""


def check_id(what: str, value: object) -> str:
    """An identifier: 1 to 256 characters, none of them a control character.

    Raises:
        TypeError: no str.
        ValueError: empty, too long, or with control characters.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if not 0 < len(value) <= MAX_ID:
        raise ValueError(f"{what} must have 1 to {MAX_ID} characters, not {len(value)}")
    if not value.isprintable() and any(ord(c) < 32 or 127 <= ord(c) < 160 for c in value):
        raise ValueError(f"{what} {value!r:.80} has control characters")
    return value


def check_amount(what: str, value: object) -> Decimal:
    """An amount as the Decimal of what is printed: 0.1 is one tenth.

    Raises:
        TypeError: no number, or a bool.
        ValueError: negative or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError(f"{what} must be an int, float or Decimal, not {type(value).__name__}")
    amount = Decimal(str(value))
    # As a float it must be finite, too: prices are told as floats.
    if not amount.is_finite() or amount < 0 or math.isinf(float(amount)):
        raise ValueError(f"{what} must be finite and not negative, not {value!s:.40}")
    return amount


def check_fraction(what: str, value: object) -> Fraction:
    """A share of something, above 0 and at most 1.

    Raises:
        TypeError: not a str, int, float or Fraction.
        ValueError: no fraction, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Fraction):
        raise TypeError(f'{what} must be a fraction such as "2/3", not {type(value).__name__}')
    try:
        share = Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise ValueError(f'{what}={value!r} is no fraction; write "2/3" or 0.5') from None
    if not 0 < share <= 1:
        raise ValueError(f"{what}={value!r} must be above 0 and at most 1")
    return share


def check_count(what: str, value: object, *, least: int = 0) -> int:
    """A whole number that is at least `least`.

    Raises:
        TypeError: no int, or a bool.
        ValueError: too small, or beyond 64 bits.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    if value < least:
        raise ValueError(f"{what} must be at least {least}, not {value}")
    if value >= _LARGEST:
        raise ValueError(f"{what} {value} does not fit into 64 bits")
    return value


def check_choice(what: str, value: object, choices: tuple[str, ...]) -> str:
    """One of a few words.

    Raises:
        ValueError: another one.
    """
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{what}={value!r} is unknown; one of {', '.join(choices)}")
    return value


def to_ms(what: str, seconds: object) -> int:
    """A duration in seconds as integer milliseconds.

    Raises:
        TypeError: no number.
        ValueError: negative, or longer than `LONGEST_S`.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float | Decimal):
        raise TypeError(f"{what} must be a number of seconds, not {type(seconds).__name__}")
    if not (isinstance(seconds, int) or math.isfinite(seconds)) or seconds < 0:
        raise ValueError(f"{what} must be finite and not negative, not {seconds}")
    if seconds > LONGEST_S:
        raise ValueError(f"{what} must be at most {LONGEST_S:g} seconds, not {seconds!s:.40}")
    return round(seconds * 1000)


def check_json(what: str, value: Any, depth: int = 0) -> Any:
    """A value that JSON can say: None, bool, int, float, str, list, dict with str keys. Returned as it is.

    Raises:
        TypeError: anything else.
        ValueError: a float that is not finite, an int beyond 64 bits, or nested too deeply.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if not -_LARGEST <= value < 2 * _LARGEST:
            raise ValueError(f"{what}: {value} does not fit into 64 bits")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{what}: JSON has no {value}")
        return value
    if depth == MAX_DEPTH:
        raise ValueError(f"{what} nests deeper than {MAX_DEPTH} levels")
    if isinstance(value, list):
        for each in value:
            check_json(what, each, depth + 1)
        return value
    if isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{what}: the key {key!r:.40} is no str, so JSON cannot say it")
            check_json(what, each, depth + 1)
        return value
    raise TypeError(
        f"{what}: JSON cannot say a {type(value).__name__}; pass dicts, lists, str, numbers, None"
    )


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, whole floats as integers. Equal text, equal value."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON."""
    return canonical(one) == canonical(other)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value
