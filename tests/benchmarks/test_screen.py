from __future__ import annotations

import pytest

from benchmarks.screen import Volume, volume

STATUS = " \x1b[1mDoppler\x1b[0m   cosmo://127.0.0.1:1  bench   \x1b[1mLIVE\x1b[0m   49.8k\x1b[2m/s\x1b[0m"
TABS = "\x1b[2;1H 5 Signals 1.41M \x1b[3;1H"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("   1.50M signals", Volume("1.50M", "", "0")),
        ("   1.50M signals   93,211 signals behind", Volume("1.50M", "93,211", "0")),
        ("   93,211 signals behind   7,040 dropped", Volume("1.41M", "93,211", "7,040")),
        ("   812 signals   7,040 dropped     read and write", Volume("812", "", "7,040")),
    ],
)
def test_the_benchmark_reads_what_the_screen_says_last(line: str, told: Volume) -> None:
    before = f"\x1b[1;1H{STATUS}   9 signals   8 signals behind   7 dropped\x1b[40;1H"
    after = f"\x1b[1;1H{STATUS}{line}"
    assert volume((before + after + TABS).encode()) == told


def test_a_screen_that_said_nothing_yet_tells_no_number() -> None:
    assert volume(b"") == Volume("?", "", "0")
