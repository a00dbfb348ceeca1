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


def check_subject(subject: str) -> str:
    """Return `subject` if a careful sender may use it.

    Raises:
        ValueError: empty, too long, an empty token, white space, or a wildcard.
    """
    _check_tokens("subject", subject, subject.split("."))
    if not is_literal(subject):
        raise ValueError(f"subject {subject!r} contains a wildcard; only patterns may")
    return subject


def check_pattern(pattern: str) -> str:
    """Return `pattern` if it is well formed.

    Raises:
        ValueError: empty, too long, an empty token, white space, or `>` before the end.
    """
    tokens = pattern.split(".")
    _check_tokens("pattern", pattern, tokens)
    if REST in tokens[:-1]:
        raise ValueError(f"pattern {pattern!r}: '>' is allowed at the end only")
    return pattern


def _check_tokens(kind: str, text: str, tokens: list[str]) -> None:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"{kind} has {len(text)} characters, at most {MAX_LENGTH} are allowed")
    if any(not token or token.split() != [token] for token in tokens):
        raise ValueError(f"{kind} {text!r}: tokens are joined by '.', none empty, none with white space")
