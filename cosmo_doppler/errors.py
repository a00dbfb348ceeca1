"""What Doppler raises, always with a sentence that says what to do.

DopplerError
  RecordingError     a file that cannot be replayed
  ExportError        something that cannot be written to a file
  OutsideError       another program that cannot show something
  SteppingError      what cannot be done with a break or a held signal
    EditError        an edit of a held signal that cannot go out
  SettingError       a namespace, size or address that cannot be meant
    ConfigError      a config file that says what makes no sense
"""

from __future__ import annotations

from pathlib import Path


class DopplerError(Exception):
    """Root of every error Doppler raises."""


class RecordingError(DopplerError):
    """A file that cannot be replayed.

    Attributes:
        path: the file, or what a person calls the pipe.
        line_number: the line at fault, counted from 1; None when it is the whole file.
    """

    def __init__(self, path: Path, reason: str, line_number: int | None = None) -> None:
        self.path = path
        self.line_number = line_number
        where = f"{path}, line {line_number}" if line_number is not None else str(path)
        super().__init__(f"{where}: {reason}")


class ExportError(DopplerError):
    """A part of a session that cannot be written, or not there."""


class OutsideError(DopplerError):
    """Another program that cannot show something."""


class SteppingError(DopplerError):
    """What a person wanted of a break or a held signal cannot be done."""


class EditError(SteppingError):
    """An edit that cannot go out. The message names the field and says what to write.

    Attributes:
        field: what is wrong.
    """

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field


class SettingError(DopplerError):
    """A value that cannot be meant."""


class ConfigError(SettingError):
    """A config file that cannot be used; the message names file, line, field and remedy."""
