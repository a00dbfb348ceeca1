"""What a person offered and what they kept under a name, from one run to the next.

A file of its own beside the arrangement of the panes: it holds inputs, so nobody else may read it, and whoever wants to be
rid of it deletes it. What is to be redacted is never written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from cosmo_doppler.offers import Composed, Template

MOST_KEPT = 200
"""Templates kept; one more is refused."""

MOST_EARLIER = 50
"""Earlier offers; the one made longest ago is forgotten first."""

LARGEST_FILE = 16 << 20
"""Bytes: more than the above can take."""

VERSION = 1


class _Kept(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the file says."""

    version: int = VERSION
    templates: list[Template] = []
    earlier: list[Composed] = []
    """Newest first."""


class _Version(msgspec.Struct):
    version: int = VERSION


class OfferShelf:
    """Templates and earlier offers. Never raises: what is wrong with the file is a `problem`.

    The file is read when something is first asked for, and again when another run has written it. Every change is written
    at once, over what the file says by then. A file that cannot be understood is left as it is.

    Args:
        path: the file; None to keep nothing beyond this run.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.problem = ""
        """Why nothing is kept beyond this run, in a sentence; empty when it is."""
        self._path = path
        self._foreign = False
        """Whether the file holds what was not understood, and must stay."""
        self._stamp: tuple[int, int, int] | None = None
        self._kept = _Kept()
        self._unwritten: list[Composed] = []
        """Earlier offers that are to stay in memory, newest first."""

    @property
    def templates(self) -> list[Template]:
        """Those that were kept, by name."""
        self._look()
        return sorted(self._kept.templates, key=_folded)

    @property
    def earlier(self) -> list[Composed]:
        """What was offered before, newest first, each for other capabilities."""
        self._look()
        return _latest([*self._unwritten, *self._kept.earlier])

    def keep(self, template: Template) -> bool:
        """Keep a template, in place of one of the same name. False when there is no room for another."""
        self._look()
        others = [each for each in self._kept.templates if each.name != template.name]
        if len(others) >= MOST_KEPT:
            return False
        self._kept.templates = [*others, template]
        self._write()
        return True

    def forget(self, name: str) -> bool:
        """Keep a template no longer. False when there is none of that name."""
        self._look()
        others = [each for each in self._kept.templates if each.name != name]
        found = len(others) < len(self._kept.templates)
        if found:
            self._kept.templates = others
            self._write()
        return found

    def remember(self, made: Composed, *, secret: bool = False) -> None:
        """Note what was sent; it takes the place of the earlier one for the same capabilities.

        Args:
            made: the offer or task.
            secret: it holds what is not to be written.
        """
        self._look()
        if secret:
            self._unwritten = _latest([made, *self._unwritten])
            return
        self._unwritten = [each for each in self._unwritten if _needs(each) != _needs(made)]
        self._kept.earlier = _latest([made, *self._kept.earlier])
        self._write()

    def _look(self) -> None:
        """Read the file where it is not what was read or written last."""
        if self._path is None or (stamp := _stamp_of(self._path)) == self._stamp:
            return
        self._stamp, self._foreign, self.problem = stamp, False, ""
        if stamp is None:
            return
        try:
            self._kept = _read(self._path, stamp[0])
        except OSError as error:
            self._foreign, self.problem = True, f"{self._path}: cannot be read ({error.strerror or error})"
        except ValueError as error:
            self._foreign = True
            self.problem = f"{self._path}: holds no offers of Doppler's ({error}); mend or delete it"

    def _write(self) -> None:
        """Write everything, unless the file holds what was not understood."""
        if self._path is None or self._foreign:
            return
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            beside.touch(0o600, exist_ok=False)
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(self._kept)))
            beside.replace(self._path)
            self._stamp = _stamp_of(self._path)
        except OSError as error:
            self.problem = f"{self._path}: offers cannot be kept ({error.strerror or error})"
        else:
            self.problem = ""


def shelf_beside(state: Path | None) -> Path | None:
    """The file of the shelf, beside the one with the arrangement of the panes."""
    return state.with_name(f"{state.stem}.offers.json") if state is not None else None


def with_settings(kept: Iterable[Template], settings: Iterable[Template]) -> list[Template]:
    """All templates by name; one of the settings counts more than one kept under the same name."""
    return sorted({each.name: each for each in (*kept, *settings)}.values(), key=_folded)


def _read(path: Path, size: int) -> _Kept:
    """Raises OSError; ValueError with the reason when it is none of ours."""
    if size > LARGEST_FILE:
        raise ValueError(f"{size:,} bytes are too many")
    text = path.read_bytes()
    if (version := msgspec.json.decode(text, type=_Version).version) != VERSION:
        raise ValueError(f"its version is {version}, known here is {VERSION}")
    return msgspec.json.decode(text, type=_Kept)


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def _latest(made: list[Composed]) -> list[Composed]:
    """The newest for each list of capabilities; newest first in and out."""
    found: dict[object, Composed] = {}
    for each in made:
        found.setdefault(_needs(each), each)
    return list(found.values())[:MOST_EARLIER]


def _needs(made: Composed) -> object:
    return made.kind, made.neuron, tuple(sorted(made.capabilities))


def _folded(template: Template) -> tuple[str, str]:
    return template.name.casefold(), template.name
