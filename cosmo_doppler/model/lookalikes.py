"""Names that a person cannot tell apart: invisible characters, letters of another alphabet, case."""

from __future__ import annotations

import unicodedata

_LONGEST = 200
"""Characters of a name that are compared."""

_TWINS = str.maketrans(
    "абеозсхуікмтнрвјѕԁɡαεικνορτυχωℓı01|",
    "a6eo3cxyikmthpbjsdgaeiknoptuxwlioll",
)
"""Letters of other alphabets, and digits, by the Latin letter they are taken for."""


def skeleton(name: str) -> str:
    """What a name looks like: equal for names that are easily taken for each other."""
    shown = "".join(
        glyph
        for glyph in unicodedata.normalize("NFKD", name[:_LONGEST])
        if glyph.isprintable() and not unicodedata.combining(glyph)
    )
    return shown.casefold().translate(_TWINS)


class Lookalikes:
    """Which of the names that are in use look alike."""

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = {}
        """Names by skeleton, in the order they came."""

    def add(self, name: str) -> str:
        """A name is in use. Returns the one it may be taken for; empty when it is like no other."""
        alike = self._names.setdefault(skeleton(name), [])
        earlier = alike[0] if alike else ""
        alike.append(name)
        return earlier

    def remove(self, name: str) -> None:
        """A name is no longer in use."""
        key = skeleton(name)
        alike = self._names.get(key)
        if alike is not None and name in alike:
            alike.remove(name)
            if not alike:
                del self._names[key]
