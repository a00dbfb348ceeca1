"""Text as small numbers: a column of 4 bytes instead of one of strings."""

from __future__ import annotations


class Names(dict[str, int]):
    """Numbers given out by first use: `names[text]` is its number, `names.texts[number]` the text again."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self.texts)
        self.texts.append(text)
        return number
