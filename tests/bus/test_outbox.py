"""The outbox: bounded both ways, order kept, every loss counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cosmo_bus.outbox import Outbox


def test_lines_come_out_in_order_and_whole():
    outbox = Outbox()
    outbox.put(b"one", b"!\n")
    outbox.put(b"two\n")
    assert len(outbox) == 2
    assert outbox.take(1000) == b"one!\ntwo\n"
    assert not outbox


def test_a_full_outbox_refuses_the_newest():
    outbox = Outbox(max_lines=2)
    assert [outbox.put(b"x") for _ in range(3)] == [True, True, False]
    assert outbox.statistics() == (2, 2, 0)


def test_an_observer_loses_the_oldest():
    outbox = Outbox(max_lines=2)
    outbox.drop_oldest = True
    for line in (b"1", b"2", b"3", b"4"):
        assert outbox.put(line)
    assert outbox.statistics() == (2, 2, 2)
    assert outbox.take(10) == b'{"op":"dropped","count":2}\n34'
    outbox.put(b"5")
    assert outbox.take(10) == b"5"


def test_bytes_are_bounded_but_one_large_line_may_go_alone():
    outbox = Outbox(max_bytes=10)
    assert outbox.put(b"x" * 50)
    assert not outbox.put(b"y")
    assert outbox.clear() == 1
    assert outbox.put(b"y" * 10)
    assert not outbox.put(b"z")


@given(st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9)), max_size=40), st.integers(1, 30))
def test_taking_in_slices_loses_nothing(lines, slice_size):
    outbox = Outbox()
    for head, tail in lines:
        outbox.put(head, tail)
    taken = b""
    while outbox:
        taken += outbox.take(slice_size)
    assert taken == b"".join(head + tail for head, tail in lines)
    assert outbox.statistics().bytes == 0


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=60), st.integers(1, 8), st.integers(9, 40))
def test_an_observers_outbox_stays_within_its_bounds(lines, max_lines, max_bytes):
    outbox = Outbox(max_lines=max_lines, max_bytes=max_bytes)
    outbox.drop_oldest = True
    for line in lines:
        assert outbox.put(line)
        assert len(outbox) <= max_lines
        assert outbox.statistics().bytes <= max_bytes
    kept = len(outbox)
    assert kept + outbox.dropped == len(lines)
    told = b'{"op":"dropped","count":%d}\n' % outbox.dropped if outbox.dropped else b""
    assert outbox.take(1 << 20) == told + b"".join(lines[len(lines) - kept :])
