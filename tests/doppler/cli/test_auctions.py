"""`cosmo auctions`: why winners won, over whole recordings."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cosmo_bus.recording import record_line
from cosmo_doppler.cli.root import run
from cosmo_doppler.model.market.reader import AuctionReader
from cosmo_sdk.header import read_header
from tests.doppler.cli.commands import cosmo
from tests.doppler.model.folding import frame

DATA = Path(__file__).parents[1] / "data" / "peer-0.1.14.ndjson"

BIDS = (
    ("s-b", 0.006, {"cost": 0.005, "eta_ms": 120, "confidence": 0.81}),
    ("s-a", 0.010, {"cost": 0.002, "eta_ms": 300, "confidence": 0.92}),
    ("s-d", 0.261, {"cost": 0.001, "eta_ms": 900, "confidence": 0.99}),
)


def a_round(number: int, begin: float, bids=BIDS, winner: int = 1):
    offer, trace = f"offer{number:03d}", f"{number}"
    frames = [
        (
            begin,
            frame(
                "TASK_OFFER", offer, trace=trace, capabilities=["sum"], deadline_ms=250, input={"q": "why"}
            ),
        )
    ]
    for index, (who, after, payload) in enumerate(bids):
        bid = frame("BID", f"b{number}{index}", trace=trace, parent=offer, who=who, **payload)
        frames.append((begin + after, bid))
    frames.append(
        (
            begin + 0.251,
            frame(
                "TASK_AWARDED", f"w{number}", trace=trace, parent=f"b{number}{winner}", who=bids[winner][0]
            ),
        )
    )
    frames.append(
        (
            begin + 0.252,
            frame(
                "TASK_DECLINED",
                f"d{number}",
                trace=trace,
                parent=f"b{number}{1 - winner}",
                who=bids[1 - winner][0],
                reason="not selected",
            ),
        )
    )
    frames.append(
        (
            begin + 0.9,
            frame(
                "AGENT_OUTPUT", f"x{number}", trace=trace, parent=f"w{number}", who=bids[winner][0], output={}
            ),
        )
    )
    return sorted(frames, key=lambda each: each[0])


def write(path: Path, *rounds) -> Path:
    path.write_bytes(
        b"".join(record_line(1.7e9 + at, "cosmonapse.dev.X", data) for one in rounds for at, data in one)
    )
    return path


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    cheaper = [(who, after, {**payload, "cost": payload["cost"] / 2}) for who, after, payload in BIDS[1:]]
    newcomer = ("s-e", 0.004, {"cost": 0.0005, "confidence": 0.5})
    return write(
        tmp_path / "session.ndjson",
        a_round(1, 0.0),
        a_round(2, 10.0),
        a_round(3, 20.0, bids=(newcomer, *cheaper), winner=0),
    )


def printed(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    assert run(["auctions", *map(str, arguments)]) == code
    return capsys.readouterr().out


def test_each_auction_is_a_line_and_all_of_them_a_verdict(recording, capsys):
    shown = printed(capsys, recording)
    [head, first, *_] = shown.splitlines()
    assert head.split() == [
        *("OFFER", "NEED", "BIDS", "WINDOW", "WINNER", "MARGIN"),
        *("FIRST", "CHEAPEST", "SUREST", "2ND", "PRICE", "EXPLAINED", "BY"),
    ]
    assert first.split() == [
        *("offer001", "sum", "3", "250", "s-a", "-60%", "s-b*", "s-a", "s-a", "s-a"),
        *("lowest_cost", "or", "highest_confidence"),
    ]
    assert "3 auctions, 3 awarded, 9 bids" in shown
    assert re.search(r"lowest_cost +3 of 3", shown)
    assert "who asks for sum: lowest_cost explains 3 of 3" in shown
    assert re.search(r"s-a +\d+% +2 +0 +2/2 +2\.", shown)


def test_a_window_in_which_nobody_bids_is_counted_and_not_left_out(recording, capsys):
    shown = printed(capsys, recording, "--window", "1", "--select", "lowest_cost")
    assert re.search(r"lowest_cost +0 of 3 .* nobody 3", shown)
    rules = json.loads(printed(capsys, recording, "--window", "1", "--json"))["rules"]
    assert (rules["first_bid"]["same"], rules["first_bid"]["awarded"], rules["first_bid"]["nobody"]) == (
        0,
        3,
        3,
    )


def test_another_window_a_ghost_and_a_score(recording, capsys):
    shown = printed(capsys, recording, "--window", "300", "--select", "lowest_cost")
    assert shown.splitlines()[1].split()[6] == "s-d*"
    shown = printed(capsys, recording, "--ghost", "cost=0.0015", "--score", "conf", "--json")
    facts = json.loads(shown)
    assert [each["what_if"]["lowest_cost"]["winner"] for each in facts["auctions"]] == [
        "(ghost)",
        "(ghost)",
        "s-e",
    ]
    assert facts["rules"]["lowest_cost"]["ghost"] == 2
    assert facts["auctions"][0]["what_if"]["score"]["winner"] == "s-a"


def test_one_auction_with_all_its_bids(recording, capsys):
    shown = printed(capsys, recording, "--offer", "offer001")
    assert re.search(r"3 +s-d +261\.0 +0\.0010 +900 +0\.99 +late", shown)
    assert re.search(r"first_bid +no +the award waited for the window", shown)
    assert "window, lowest_cost: 6.0 ms s-b  10.0 ms s-a  261.0 ms s-d" in shown
    assert "10.0 ms are enough for s-a to win" in shown
    facts = json.loads(printed(capsys, recording, "--offer", "offer001", "--json"))
    assert facts["bids"][1]["ranks"] == {"first_bid": 2, "lowest_cost": 1, "highest_confidence": 1}
    assert facts["producer_verdict"]["rounds"] == 3


def test_two_auctions_side_by_side(recording, capsys):
    shown = printed(capsys, recording, "--diff", "offer001", "offer003")
    assert "winner  s-a -> s-e  0.0020 -> 0.0005" in shown
    assert re.search(r"stayed +s-a +0\.0020 -> 0\.0010", shown)
    assert re.search(r"appeared +s-e", shown)
    assert re.search(r"left +s-b", shown)
    facts = json.loads(printed(capsys, recording, "--diff", "offer001", "offer003", "--json"))
    assert facts["winners"] == ["s-a", "s-e"]


def test_a_pytest_file_is_written_once(recording, tmp_path, capsys):
    out = tmp_path / "test_award.py"
    printed(capsys, recording, "--offer", "offer001", "--pytest", out)
    module: dict[str, object] = {}
    exec(compile(out.read_text(), out, "exec"), module)
    module["test_s_a_wins_offer001"]()
    assert run(["auctions", str(recording), "--offer", "offer001", "--pytest", str(out)]) == 1
    assert "--force" in capsys.readouterr().err
    printed(capsys, recording, "--offer", "offer001", "--pytest", out, "--force")


def test_several_files_are_one_session(recording, tmp_path, capsys):
    late, early = tmp_path / "b.ndjson", tmp_path / "a.ndjson"
    write(late, a_round(8, 5.0))
    write(early, a_round(9, 1.0))
    ids = [each["offer_id"] for each in json.loads(printed(capsys, late, early, "--json"))["auctions"]]
    assert ids == ["evt_offer009", "evt_offer008"]


def test_what_is_redacted_is_in_no_table_and_no_test(recording, tmp_path, capsys):
    assert '"title": "why"' in printed(capsys, recording, "--json")
    assert "why" not in printed(capsys, recording, "--json", "--redact", "payload.input.q").replace(
        '"why"', ""
    )
    out = tmp_path / "test_it.py"
    printed(capsys, recording, "--offer", "offer001", "--redact", "payload.input.q", "--pytest", out)
    assert "'[redacted]'" in out.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--score", "import os"), 2, "no expression"),
        (("--ghost", "price=1"), 2, "no term of a bid"),
        (("--ghost", "cost=x"), 2, "'x' is no number"),
        (("--ghost", "cost=nan"), 2, "a bid has no such cost"),
        (("--window", "0"), 2, "--window"),
        (("--select", "luck"), 2, "luck"),
        (("--pytest", "out.py"), 2, "add --offer ID"),
        (("--offer", "nowhere"), 1, "no offer ends in 'nowhere'"),
        (("--offer", "evt_offer00"), 1, "no offer ends in"),
        (("--diff", "offer001", "00"), 1, "no offer ends in '00'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(recording, capsys, arguments, code, words):
    assert run(["auctions", str(recording), *arguments]) == code
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1


def test_files_that_are_no_recordings(tmp_path, capsys):
    assert run(["auctions", str(tmp_path / "nope")]) == 1
    assert "no such file" in capsys.readouterr().err
    (tmp_path / "text").write_text("hello\nworld\n")
    assert run(["auctions", str(tmp_path / "text")]) == 1
    assert "no line could be read as a signal" in capsys.readouterr().err
    (tmp_path / "empty").write_text("")
    assert "no auction" in printed(capsys, tmp_path / "empty")
    assert json.loads(printed(capsys, tmp_path / "empty", "--json"))["auctions"] == []


def test_a_torn_recording_is_read_as_far_as_it_can_be(recording, capsys):
    recording.write_bytes(recording.read_bytes()[:-20] + b"\nnonsense\n")
    assert run(["auctions", str(recording)]) == 0
    both = capsys.readouterr()
    assert "3 auctions, 3 awarded" in both.out
    assert both.err.count("skipped") == 2


def test_text_from_the_bus_does_not_drive_the_terminal(tmp_path, capsys):
    hostile = "\x1b[2J\u202e"
    bids = ((hostile, 0.01, {"cost": 1}), ("s-a", 0.02, {"cost": 2}))
    path = write(tmp_path / "hostile.ndjson", a_round(1, 0.0, bids=bids, winner=0))
    for more in ((), ("--offer", "offer001"), ("--json",), ("--diff", "offer001", "offer001")):
        shown = printed(capsys, path, *more)
        assert "\x1b" not in shown
        assert "\u202e" not in shown


def test_the_command_reads_a_recording_of_a_released_peer():
    shown = cosmo("auctions", str(DATA))
    assert shown.returncode == 0
    assert [line.split()[-1] for line in shown.stdout.splitlines()[1:4]] == [
        "first_bid",
        "lowest_cost",
        "highest_confidence",
    ]


def test_auctions_are_let_go_as_a_recording_goes_on():
    reader = AuctionReader(patience_s=5.0, most=10)
    out = 0
    for number in range(200):
        for at, data in a_round(number, number * 0.3):
            out += len(list(reader.read(read_header(data), seq=0, at=at)))
        assert len(reader.market.book.by_offer) <= 11
        assert len(reader.market.book.order) <= 30
    assert out + len(list(reader.rest())) == 200
    assert reader.market.book.by_offer == {}
