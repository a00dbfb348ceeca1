"""Numbers and times in the few words a cell has room for."""

from __future__ import annotations

from datetime import UTC, datetime

from cosmo_doppler.model.wording import age as age
from cosmo_doppler.model.wording import duration as duration
from cosmo_doppler.model.wording import joined as joined


def count(number: int) -> str:
    """A count in full up to six digits, then `1.2M`."""
    if number < 1_000_000:
        return f"{number:,}"
    return f"{number / 1e6:.2f}M" if number < 10_000_000 else f"{number / 1e6:.1f}M"


def many(number: int, noun: str) -> str:
    """A count with its noun in singular or plural: `1 bid`, `3 bids`."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def signed(seconds: float) -> tuple[str, str]:
    """A change of a duration with its sign: `+180`, `ms`."""
    number, unit = duration(abs(seconds))
    return f"{'-' if seconds < 0 else '+'}{number}", unit


def size(number: int) -> str:
    """A number of bytes: `312 B`, `48 kB`, `1.2 MB`."""
    if number < 1000:
        return f"{number} B"
    if number < 1_000_000:
        return f"{number / 1000:.0f} kB"
    return f"{number / 1e6:.1f} MB" if number < 1e9 else f"{number / 1e9:.2f} GB"


def rate(per_second: float) -> str:
    """Signals per second: `0`, `0.4`, `12`, `1,204`."""
    if 0 < per_second < 9.95:
        return f"{per_second:.1f}"
    return f"{per_second:,.0f}"


def money(amount: float) -> str:
    """What is paid, in at most six characters whatever its size: `0.0690`, `12.35`, `1,204`, `0.12M`."""
    if amount < 0.0005:
        return f"{amount:.0e}" if amount else "0"
    for bound, decimals in ((1, 4), (10, 3), (100, 2), (1000, 1)):
        if amount < bound:
            return f"{amount:.{decimals}f}"
    return f"{amount:,.0f}" if amount < 99_999.5 else f"{amount / 1e6:.3g}M"


def position(seconds: float) -> str:
    """A place in a recording: `1:12.440`, with hours when there are any."""
    seconds = max(0.0, seconds)
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:06.3f}"
    return f"{minutes}:{rest:06.3f}"


def time_of_day(at: float) -> str:
    """Epoch seconds as `12:04:31.402`, UTC, so that every reader of a recording sees the same."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"


def speed(factor: float) -> str:
    """A replay speed: `1x`, `0.25x`, `100x`; `max` when time is no limit."""
    return "max" if factor == float("inf") else f"{factor:g}x"
