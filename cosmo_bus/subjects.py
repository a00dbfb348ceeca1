"""Subjects and patterns (PROTOCOL 3.1).

A subject is a list of tokens joined by dots. In a pattern, `*` stands for exactly one token and `>` for one or more
remaining tokens; whatever follows a `>` carries no meaning. Wildcards have meaning in patterns only.
"""

from __future__ import annotations

ANY_TOKEN = "*"
REST = ">"

MAX_LENGTH = 4096
"""Characters. Longer subjects are refused by the bus, so that nobody can fill it with one."""


def pattern_tokens(pattern: str) -> list[str]:
    """The tokens of a pattern, up to and with its first `>`."""
    tokens = pattern.split(".")
    if REST in tokens:
        del tokens[tokens.index(REST) + 1 :]
    return tokens


def is_literal(pattern: str) -> bool:
    """Whether the pattern matches one subject only: itself."""
    return not (
        (ANY_TOKEN in pattern or REST in pattern)
        and any(token in (ANY_TOKEN, REST) for token in pattern.split("."))
    )


def matches(pattern: str, subject: str) -> bool:
    """Whether a message on `subject` reaches a subscription to `pattern`."""
    wanted = pattern_tokens(pattern)
    given = subject.split(".")
    if wanted[-1] == REST:
        wanted.pop()
        if len(given) <= len(wanted):
            return False
    elif len(given) != len(wanted):
        return False
    return all(want in (ANY_TOKEN, token) for want, token in zip(wanted, given, strict=False))


def check_pattern(pattern: str) -> str:
    """Return `pattern` if it is well formed.

    Raises:
        ValueError: empty, too long, an empty token, white space, or `>` before the end.
    """
    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"pattern has {len(pattern)} characters, at most {MAX_LENGTH} are allowed")
    tokens = pattern.split(".")
    if any(not token or token.split() != [token] for token in tokens):
        raise ValueError(f"pattern {pattern!r}: tokens are joined by '.', none empty, none with white space")
    if REST in tokens[:-1]:
        raise ValueError(f"pattern {pattern!r}: '>' is allowed at the end only")
    return pattern
