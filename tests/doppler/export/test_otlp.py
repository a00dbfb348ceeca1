"""Traces as OpenTelemetry spans: held against the schema, and against what the trees say."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status, TracesData

from cosmo_doppler.errors import ExportError
from cosmo_doppler.export import Selection, exported, otlp_lines
from cosmo_doppler.export.otlp import LONGEST_PAYLOAD, otlp_span_id, otlp_trace_id
from cosmo_doppler.redaction import Redaction
from cosmo_doppler.session import Session, load_all, open_replay
from cosmo_doppler.store import Store
from cosmo_sdk.ids import decode_ulid, encode_ulid, new_trace_id
from tests.doppler.cli.commands import cosmo
from tests.doppler.model.folding import fold, frame

DEMO = Path(__file__).parents[3] / "snapshots" / "data" / "demo.ndjson"
PEER = Path(__file__).parents[1] / "data" / "peer-0.1.14.ndjson"


def read(line: bytes) -> TracesData:
    """A line as the collectors read it. Their JSON has ids in hex, where protobuf's own has base64."""

    def rewrite(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: base64.b64encode(bytes.fromhex(each)).decode()
                if key in ("traceId", "spanId", "parentSpanId")
                else rewrite(each)
                for key, each in value.items()
            }
        return [rewrite(each) for each in value] if isinstance(value, list) else value

    return ParseDict(rewrite(json.loads(line)), TracesData())


def spans(data: TracesData) -> Iterator[tuple[str, Span]]:
    """Every span and the service it is of."""
    for resource in data.resource_spans:
        [service] = [pair.value.string_value for pair in resource.resource.attributes]
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield service, span


def attributes(thing: Any) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in thing.attributes}


def folded(*frames: tuple[float, bytes], until: float | None = None) -> tuple[Any, Store]:
    store = Store()
    for at, data in frames:
        store.append(at, "cosmonapse.dev.X", data)
    return fold(*frames, until=until), store


@pytest.fixture(scope="module", params=[DEMO, PEER], ids=["demo", "peer"])
def session(request: pytest.FixtureRequest) -> Session:
    session = open_replay(request.param, paused=True)
    load_all(session)
    return session


def test_every_trace_fits_the_schema_and_hangs_together(session: Session) -> None:
    board = session.timeline.board
    lines = list(exported(session, Selection(), "otlp"))
    assert len(lines) == len(board.traces)
    for line, trace_id in zip(lines, board.trace_order, strict=True):
        found = [span for _, span in spans(read(line))]
        ids = {span.span_id for span in found}
        assert len(ids) == len(found)
        assert {span.trace_id.hex() for span in found} == {otlp_trace_id(trace_id)}
        assert [span.name != "" for span in found if not span.parent_span_id] == [True]
        events = 0
        for span in found:
            assert (len(span.trace_id), len(span.span_id)) == (16, 8)
            assert any(span.span_id)
            assert not span.parent_span_id or span.parent_span_id in ids
            assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
            events += len(span.events)
        # Each signal is a span or an event; one span is the trace itself.
        assert len(found) - 1 + events == board.traces[trace_id].signals


def test_exporting_again_gives_the_same(session: Session) -> None:
    assert list(exported(session, Selection(), "otlp")) == list(exported(session, Selection(), "otlp"))


def test_spans_say_who_did_what_and_how_it_ended() -> None:
    board, store = folded(
        (1.0, frame("TASK_OFFER", "o", capabilities=["dig"], input="a hole")),
        (1.1, frame("BID", "b", parent="o", who="ann", cost=0.5)),
        (1.2, frame("TASK_AWARDED", "a", parent="b", who="ann")),
        (1.3, frame("TOOL_CALL", "c", parent="a", who="spade")),
        (1.4, frame("TOOL_RESULT", "r", parent="c", who="spade")),
        (1.5, frame("ERROR", "e", parent="a", who="ann", code="X", message="a stone")),
    )
    [line] = otlp_lines(board, store, ["trc_1"])
    by_name = {span.name: (service, span) for service, span in spans(read(line))}
    assert by_name.keys() == {"a hole", "TASK_OFFER dig", "TASK_AWARDED ann", "TOOL_CALL spade"}
    whole, offer = by_name["a hole"][1], by_name["TASK_OFFER dig"][1]
    service, award = by_name["TASK_AWARDED ann"]
    assert service == "ann"
    assert award.status.code == Status.STATUS_CODE_ERROR
    assert whole.status.code == Status.STATUS_CODE_ERROR
    assert [event.name for event in offer.events] == ["BID"]
    assert [attributes(event)["cosmo.who"] for event in offer.events] == ["ann"]
    assert award.parent_span_id == whole.span_id
    tool = by_name["TOOL_CALL spade"][1]
    assert (tool.kind, tool.parent_span_id) == (Span.SPAN_KIND_CLIENT, award.span_id)
    assert tool.end_time_unix_nano - tool.start_time_unix_nano == 100_000_000
    assert json.loads(attributes(offer)["cosmo.payload"])["input"] == "a hole"


def test_a_trace_that_another_one_caused_links_to_its_cause() -> None:
    board, store = folded(
        (1.0, frame("TASK", "t", who="ann", input="first")),
        (1.1, frame("TASK", "u", parent="t", trace="2", who="bob", input="second")),
        (1.2, frame("AGENT_OUTPUT", "v", parent="u", trace="2", who="bob")),
    )
    first, second = (list(spans(read(line))) for line in otlp_lines(board, store, ["trc_1", "trc_2"]))
    assert not any(span.links for _, span in first)
    [root] = [span for _, span in second if not span.parent_span_id]
    [link] = root.links
    cause = next(span for _, span in first if span.name == "TASK ann")
    assert (link.trace_id, link.span_id) == (cause.trace_id, cause.span_id)
    assert attributes(link) == {"cosmo.caused_by": "evt_t"}


def test_what_goes_on_ends_with_the_latest_signal_and_says_that_it_is_open() -> None:
    board, store = folded(
        (1.0, frame("TASK", "t", who="ann")), (1.5, frame("PLAN", "p", parent="t", who="ann"))
    )
    [line] = otlp_lines(board, store, ["trc_1"])
    _, task = next(each for each in spans(read(line)) if each[1].name == "TASK ann")
    assert task.end_time_unix_nano == 1_500_000_000
    assert any(pair.key == "cosmo.open" and pair.value.bool_value for pair in task.attributes)
    assert task.status.code == Status.STATUS_CODE_UNSET


def test_long_payloads_are_cut_and_hidden_values_stay_hidden() -> None:
    board, store = folded((1.0, frame("TASK", "t", who="ann", input="x" * 20_000, card="4111")))
    store.redaction = Redaction(["payload.card"])
    store._fresh.clear()
    [line] = otlp_lines(board, store, ["trc_1"])
    assert b"4111" not in line
    _, task = next(each for each in spans(read(line)) if each[1].name.startswith("TASK"))
    assert len(attributes(task)["cosmo.payload"]) == LONGEST_PAYLOAD
    assert any(pair.key == "cosmo.payload_cut" and pair.value.bool_value for pair in task.attributes)


@given(st.integers(1, (1 << 128) - 1))
def test_a_ulid_and_its_number_are_one(value: int) -> None:
    text = encode_ulid(value)
    assert decode_ulid(text) == value
    assert otlp_trace_id(f"trc_{text}") == f"{value:032x}"
    if value % (1 << 64):
        assert otlp_span_id(f"evt_{text}") == f"{value % (1 << 64):016x}"


@given(st.text(max_size=40))
def test_any_id_gives_ids_that_are_not_zero(text: str) -> None:
    assert len(bytes.fromhex(otlp_trace_id(text))) == 16
    assert len(bytes.fromhex(otlp_span_id(text))) == 8
    assert int(otlp_trace_id(text), 16)
    assert int(otlp_span_id(text), 16)


@pytest.mark.parametrize("text", ["", "0" * 25, "8" + "0" * 25, "U" * 26, "0" * 25 + "_", "٣" * 26, "a" * 26])
def test_what_is_no_ulid_has_no_number(text: str) -> None:
    assert decode_ulid(text) is None


def test_zero_is_no_id() -> None:
    assert int(otlp_trace_id("trc_" + "0" * 26), 16)
    assert int(otlp_span_id("evt_" + "0" * 26), 16)
    assert decode_ulid(new_trace_id().removeprefix("trc_"))


def test_the_command_writes_them_by_the_name_of_the_file(tmp_path: Path) -> None:
    out = tmp_path / "spans.json"
    shown = cosmo("export", str(DEMO), "-o", str(out))
    assert shown.returncode == 0, shown.stderr
    assert sum(1 for line in out.read_bytes().splitlines() for _ in spans(read(line))) > 20
    refused = cosmo("export", str(DEMO), "--auction", "K27ZGRY0", "--format", "otlp")
    assert (refused.returncode, "spans are of traces" in refused.stderr) == (2, True)


def test_an_auction_alone_has_no_spans(session: Session) -> None:
    offer_id = session.timeline.board.auction_order[0]
    with pytest.raises(ExportError, match="choose the trace"):
        list(exported(session, Selection(offer_id=offer_id), "otlp"))
