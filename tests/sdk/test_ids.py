"""Identifiers: canonical, unique, in the order they were made."""

from __future__ import annotations

import re
import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from cosmo_sdk import ids
from cosmo_sdk.ids import Ulids, encode_ulid, new_engram_id, new_event_id, new_trace_id

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def decode(ulid):
    value = 0
    for letter in ulid:
        value = value * 32 + ALPHABET.index(letter)
    return value


@given(st.integers(0, 2**128 - 1))
def test_a_ulid_is_its_number(value):
    ulid = encode_ulid(value)
    assert len(ulid) == 26
    assert decode(ulid) == value


@given(st.integers(0, 2**128 - 2))
def test_ulids_sort_as_their_numbers(value):
    assert encode_ulid(value) < encode_ulid(value + 1)


def test_each_kind_has_its_prefix():
    for make, prefix in ((new_event_id, "evt"), (new_trace_id, "trc"), (new_engram_id, "eng")):
        assert re.fullmatch(rf"{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}", make())


def test_the_front_is_the_time():
    before = time.time_ns() // 1_000_000
    stamp = decode(Ulids().next()) >> 80
    assert before <= stamp <= time.time_ns() // 1_000_000


def test_ids_of_one_source_rise():
    source = Ulids()
    made = [source.next() for _ in range(5_000)]
    assert made == sorted(set(made))


def test_ids_rise_also_when_the_clock_goes_back(monkeypatch):
    source = Ulids()
    first = source.next()
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_000_000_000)
    assert first < source.next() < source.next()


def test_threads_never_share_an_id():
    source, made = Ulids(), []

    def work():
        made.extend([source.next() for _ in range(2_000)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8_000


def test_two_sources_do_not_repeat_each_other():
    one, other = Ulids(), Ulids()
    assert not {one.next() for _ in range(500)} & {other.next() for _ in range(500)}


def test_ids_rise_through_more_than_a_million_in_one_millisecond(monkeypatch):
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_000_000_000)
    monkeypatch.setattr(ids.os, "urandom", lambda count: b"\x7f" + b"\xff" * (count - 1))
    source = Ulids()
    made = [source.next() for _ in range(3)]
    assert made == sorted(set(made))
    assert {decode(ulid) >> 80 for ulid in made} == {1000}
