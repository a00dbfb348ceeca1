"""What every Engram of ours does. A backend's test module imports `*` and provides a `make_engram` fixture."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cosmo_sdk.engram import EngramError, RollbackIncomplete
from cosmo_sdk.factories import recalled_signal


@pytest.fixture
def engram(make_engram):
    return make_engram()


async def contents(engram, **query):
    return [hit.entry["content"] for hit in await engram.recall(query)]


async def test_add_keeps_an_entry_and_gives_it_an_id(engram):
    receipt = await engram.imprint(
        "add", {"content": {"a": 1}, "tags": ["t"], "meta": {"m": 1}}, merge_key="k"
    )
    assert receipt.ok
    assert receipt.id.startswith("eng_")
    assert (receipt.engram_id, receipt.op, receipt.version) == (engram.engram_id, "add", 1)
    [hit] = await engram.recall({})
    stamps = hit.entry.pop("created_at"), hit.entry.pop("updated_at")
    assert stamps[0] == stamps[1]
    assert datetime.fromisoformat(stamps[0]).tzinfo is not None
    assert (hit.id, hit.score) == (receipt.id, 1.0)
    assert hit.entry == {
        "id": receipt.id,
        "content": {"a": 1},
        "tags": ["t"],
        "meta": {"m": 1},
        "version": 1,
        "merge_key": "k",
    }


async def test_add_refuses_an_id_that_is_there(engram):
    await engram.imprint("add", {"id": "eng_1", "content": "one"})
    receipt = await engram.imprint("add", {"id": "eng_1", "content": "two"})
    assert receipt.error == "entry id 'eng_1' already exists"
    assert await contents(engram) == ["one"]


async def test_append_keeps_a_free_id_and_replaces_a_taken_one(engram):
    first = await engram.imprint("append", {"id": "eng_1", "content": "one"})
    second = await engram.imprint("append", {"id": "eng_1", "content": "two"})
    assert first.id == "eng_1"
    assert second.id not in (None, "eng_1")
    assert sorted(await contents(engram)) == ["one", "two"]


async def test_upsert_inserts_then_replaces(engram):
    first = await engram.imprint("upsert", {"content": "one", "tags": ["a"]}, merge_key="k")
    [before] = await engram.recall({})
    second = await engram.imprint("upsert", {"content": "two"}, merge_key="k")
    [after] = await engram.recall({})
    assert (second.id, second.version) == (first.id, 2)
    assert (after.entry["content"], after.entry["tags"]) == ("two", [])
    assert after.entry["created_at"] == before.entry["created_at"]
    assert after.entry["updated_at"] >= before.entry["updated_at"]


async def test_upsert_takes_the_latest_of_several(engram):
    await engram.imprint("append", {"content": "old"}, merge_key="k")
    await engram.imprint("append", {"content": "new"}, merge_key="k")
    await engram.imprint("upsert", {"content": "newest"}, merge_key="k")
    assert sorted(await contents(engram)) == ["newest", "old"]


async def test_merge_goes_deep(engram):
    await engram.imprint(
        "add",
        {"content": {"a": {"x": 1}, "list": [1, 2], "gone": 1}, "tags": ["t"], "meta": {"m": {"p": 1}}},
        merge_key="k",
    )
    receipt = await engram.imprint(
        "merge",
        {
            "content": {"a": {"y": 2}, "list": [2, 3, True], "gone": None, "s": "new"},
            "tags": ["t", "u"],
            "meta": {"m": {"q": 2}},
        },
        merge_key="k",
    )
    [hit] = await engram.recall({})
    assert receipt.version == 2
    assert hit.entry["content"] == {"a": {"x": 1, "y": 2}, "list": [1, 2, 3, True], "gone": 1, "s": "new"}
    assert hit.entry["tags"] == ["t", "u"]
    assert hit.entry["meta"] == {"m": {"p": 1, "q": 2}}


async def test_merge_needs_something_to_merge_into(engram):
    receipt = await engram.imprint("merge", {"content": 1}, merge_key="k")
    assert receipt.error == "no entry for merge_key='k'"


async def test_delete_by_id_then_by_merge_key(engram):
    await engram.imprint("add", {"id": "eng_1", "content": "a"})
    await engram.imprint("add", {"id": "eng_2", "content": "b"}, merge_key="k")
    assert (await engram.imprint("delete", {"id": "eng_1"})).id == "eng_1"
    receipt = await engram.imprint("delete", {}, merge_key="k")
    assert (receipt.id, receipt.version) == ("eng_2", None)
    assert await contents(engram) == []


async def test_deleting_what_is_not_there_is_fine(engram):
    receipt = await engram.imprint("delete", {"id": "eng_1"})
    assert (receipt.ok, receipt.id) == (True, None)


async def test_a_deleted_id_may_be_used_again(engram):
    await engram.imprint("add", {"id": "eng_1", "content": "a"})
    await engram.imprint("delete", {"id": "eng_1"})
    assert (await engram.imprint("add", {"id": "eng_1", "content": "b"})).ok
    assert await contents(engram) == ["b"]


@pytest.mark.parametrize(
    ("op", "entry", "merge_key", "part"),
    [
        ("forget", {}, None, "op 'forget' is not one of"),
        ("merge", {}, None, "merge needs a merge_key"),
        ("upsert", {}, "", "upsert needs a merge_key"),
        ("add", {}, 5, "merge_key is not text"),
        ("add", {"tags": "t"}, None, "entry is not usable"),
        ("add", {"id": 5}, None, "entry is not usable"),
    ],
)
async def test_what_cannot_be_done_is_said_and_changes_nothing(engram, op, entry, merge_key, part):
    receipt = await engram.imprint(op, entry, merge_key=merge_key)
    assert part in receipt.error
    assert not receipt.ok
    assert await contents(engram) == []


async def test_entries_cannot_be_changed_from_outside(engram):
    mine = {"content": {"list": [1]}}
    await engram.imprint("add", mine)
    mine["content"]["list"].append(2)
    [hit] = await engram.recall({})
    hit.entry["content"]["list"].append(3)
    assert await contents(engram) == [{"list": [1]}]


async def test_text_is_found_in_any_case_and_scored_by_how_much_it_fills(engram):
    await engram.imprint("add", {"content": "Tea"})
    await engram.imprint("add", {"content": "green tea"})
    await engram.imprint("add", {"content": {"drink": "TEA"}})
    await engram.imprint("add", {"content": "coffee"})
    hits = await engram.recall({"text": "tea"})
    assert [hit.entry["content"] for hit in hits] == ["Tea", "green tea", {"drink": "TEA"}]
    assert [round(hit.score, 3) for hit in hits] == [1.0, 0.333, 0.2]
    assert len(await engram.recall({"text": "tea"}, min_confidence=0.3)) == 2


async def test_tag_and_merge_key_select(engram):
    await engram.imprint("add", {"content": 1, "tags": ["a", "b"]}, merge_key="k")
    await engram.imprint("add", {"content": 2, "tags": ["a"]})
    assert sorted(await contents(engram, tag="a")) == [1, 2]
    assert await contents(engram, tag="b") == [1]
    assert await contents(engram, merge_key="k") == [1]
    assert await contents(engram, merge_key="k", tag="z") == []


async def test_of_equal_hits_the_latest_change_comes_first(engram):
    await engram.imprint("add", {"content": 1}, merge_key="k")
    await engram.imprint("add", {"content": 2})
    assert await contents(engram) == [2, 1]
    await engram.imprint("upsert", {"content": 3}, merge_key="k")
    assert await contents(engram) == [3, 2]


async def test_top_k_cuts_and_says_so(engram):
    for number in range(52):
        await engram.imprint("add", {"content": number})
    hits = await engram.recall({})
    assert (len(hits), hits.truncated) == (50, True)
    hits = await engram.recall({"top_k": 52})
    assert (len(hits), hits.truncated) == (52, False)
    assert await contents(engram, top_k=1) == [51]


async def test_filters_leave_out(engram):
    await engram.imprint("add", {"content": 1, "tags": ["a", "b"]})
    await engram.imprint("add", {"content": 2, "tags": ["a"]})
    first = next(hit for hit in await engram.recall({}) if hit.entry["content"] == 1)
    stamp = first.entry["updated_at"]
    [hit] = await engram.recall({}, filters={"tags": ["b", "a"]})
    assert hit.entry["content"] == 1
    [hit] = await engram.recall({}, filters={"until": stamp})
    assert hit.entry["content"] == 1
    just_after = (datetime.fromisoformat(stamp) + timedelta(microseconds=1)).isoformat()
    [hit] = await engram.recall({}, filters={"since": just_after})
    assert hit.entry["content"] == 2


@pytest.mark.parametrize(
    ("query", "filters"), [({"text": 5}, None), ({"top_k": "all"}, None), ({}, {"since": "yesterday"})]
)
async def test_a_senseless_question_is_refused(engram, query, filters):
    with pytest.raises(EngramError):
        await engram.recall(query, filters=filters)


async def test_a_repeated_imprint_gets_the_same_receipt_and_writes_nothing(engram):
    first = await engram.imprint("append", {"content": 1}, imprint_id="evt_1", trace_id="trc_1")
    again = await engram.imprint("append", {"content": 1}, imprint_id="evt_1", trace_id="trc_1")
    assert (again.id, again.version) == (first.id, first.version)
    assert await contents(engram) == [1]
    assert await engram.compensate("trc_1") == 1


async def test_only_so_many_imprint_ids_are_remembered(make_engram):
    engram = make_engram(seen_limit=2)
    for number in (1, 2, 3):
        await engram.imprint("append", {"content": number}, imprint_id=f"evt_{number}")
    await engram.imprint("append", {"content": 3}, imprint_id="evt_3")
    assert len(await engram.recall({})) == 3
    await engram.imprint("append", {"content": 1}, imprint_id="evt_1")
    assert len(await engram.recall({})) == 4


async def test_compensate_undoes_every_kind_of_write_latest_first(engram):
    await engram.imprint("add", {"id": "eng_up", "content": "before"}, merge_key="up")
    await engram.imprint("add", {"id": "eng_mg", "content": {"a": 1}, "tags": ["t"]}, merge_key="mg")
    await engram.imprint("add", {"id": "eng_del", "content": "doomed"})
    await engram.imprint("add", {"id": "eng_new", "content": "new"}, trace_id="trc_1")
    await engram.imprint("append", {"content": "more"}, trace_id="trc_1")
    await engram.imprint("upsert", {"content": "after"}, merge_key="up", trace_id="trc_1")
    await engram.imprint("merge", {"content": {"b": 2}, "tags": ["u"]}, merge_key="mg", trace_id="trc_1")
    await engram.imprint("upsert", {"content": "fresh"}, merge_key="none yet", trace_id="trc_1")
    await engram.imprint("delete", {"id": "eng_del"}, trace_id="trc_1")
    await engram.imprint("upsert", {"content": "after all"}, merge_key="up", trace_id="trc_1")
    assert await engram.compensate("trc_1") == 7
    found = {hit.id: hit.entry for hit in await engram.recall({})}
    assert {name: entry["content"] for name, entry in found.items()} == {
        "eng_up": "before",
        "eng_mg": {"a": 1},
        "eng_del": "doomed",
    }
    assert found["eng_mg"]["tags"] == ["t"]
    assert await engram.compensate("trc_1") == 0


async def test_versions_go_on_rising_through_a_rollback(engram):
    await engram.imprint("add", {"id": "eng_1", "content": 1}, merge_key="k")
    await engram.imprint("upsert", {"content": 2}, merge_key="k", trace_id="trc_1")
    await engram.compensate("trc_1")
    assert [hit.entry["version"] for hit in await engram.recall({})] == [3]


async def test_a_rollback_finds_the_place_of_its_entry_taken(engram):
    await engram.imprint("add", {"id": "eng_1", "content": 1})
    await engram.imprint("delete", {"id": "eng_1"}, trace_id="trc_1")
    await engram.imprint("add", {"id": "eng_2", "content": 2})
    assert await engram.compensate("trc_1") == 1
    assert sorted(await contents(engram)) == [1, 2]


async def test_traces_are_undone_apart(engram):
    await engram.imprint("add", {"content": 1}, trace_id="trc_1")
    await engram.imprint("add", {"content": 2}, trace_id="trc_2")
    await engram.imprint("add", {"content": 3})
    assert await engram.compensate("trc_1") == 1
    assert sorted(await contents(engram)) == [2, 3]


async def test_what_is_committed_stays(engram):
    await engram.imprint("add", {"content": 1}, trace_id="trc_1")
    await engram.commit("trc_1")
    await engram.commit("trc_unknown")
    assert await engram.compensate("trc_1") == 0
    assert await contents(engram) == [1]


async def test_a_refused_write_leaves_nothing_to_undo(engram):
    await engram.imprint("merge", {"content": 1}, merge_key="k", trace_id="trc_1")
    await engram.imprint("delete", {"id": "eng_none"}, trace_id="trc_1")
    assert await engram.compensate("trc_1") == 0


async def test_only_so_many_traces_can_be_undone_and_the_others_are_counted(make_engram):
    engram = make_engram(journal_limit=2)
    for number in (1, 2, 3):
        await engram.imprint("add", {"content": number}, trace_id=f"trc_{number}")
    assert engram.journals_dropped == 1
    with pytest.raises(RollbackIncomplete) as refusal:
        await engram.compensate("trc_1")
    assert refusal.value.undone == 0
    assert await engram.compensate("trc_2") == 1
    assert sorted(await contents(engram)) == [1, 3]


async def test_a_trace_that_writes_too_much_cannot_be_undone_and_a_rollback_says_so(make_engram):
    engram = make_engram(journal_lines=3)
    for number in range(5):
        await engram.imprint("add", {"content": number}, trace_id="trc_1")
    assert engram.journals_dropped == 1
    with pytest.raises(RollbackIncomplete, match="given up") as refusal:
        await engram.compensate("trc_1")
    # What it wrote after its journal was given up is undone all the same.
    assert refusal.value.undone == 1
    assert sorted(await contents(engram)) == [0, 1, 2, 3]


async def test_an_old_trace_gives_way_to_what_newer_ones_write(make_engram):
    engram = make_engram(journal_lines=3)
    await engram.imprint("add", {"content": 0}, trace_id="trc_old")
    for number in (1, 2, 3):
        await engram.imprint("add", {"content": number}, trace_id=f"trc_{number}")
        await engram.commit(f"trc_{number}")
    with pytest.raises(RollbackIncomplete):
        await engram.compensate("trc_old")


async def test_data_survives_close(make_engram):
    engram = make_engram()
    await engram.connect()
    await engram.imprint("add", {"content": 1}, trace_id="trc_1")
    await engram.close()
    await engram.close()
    await engram.connect()
    assert await contents(engram) == [1]
    assert await engram.compensate("trc_1") == 1


async def test_entries_fit_on_the_wire(engram):
    await engram.imprint("add", {"content": {"deep": [1, {"x": None}]}, "meta": {"k": "v"}})
    [hit] = await engram.recall({})
    signal = recalled_signal(
        trace_id="trc_1",
        parent_id="evt_1",
        engram_id="m",
        hits=[{"id": hit.id, "entry": hit.entry, "score": hit.score}],
    )
    assert signal.decode(signal.encode()) == signal
