"""A bus that records and is killed: its file opens, and only the last moment is missing."""

from __future__ import annotations

import json
import random
import re
import socket
import threading
import time

import pytest

from cosmo_bus.recording import RecordedLine, read_recording
from tests.doppler.cli.commands import PATIENCE_S, bus_process, running, wait_until

LAST_MOMENT_S = 0.2
"""What a crash may cost."""

SLACK_S = 1.0
"""What a busy machine may add before the bus gets its turn."""


class Publisher(threading.Thread):
    """Publishes numbered frames as fast as the bus acknowledges them, and notes when it did."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.acknowledged: list[tuple[float, int]] = []
        host, _, port = url.removeprefix("cosmo://").rpartition(":")
        self._connection = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
        self.begun = threading.Event()

    def run(self) -> None:
        lines = self._connection.makefile("rwb")
        number = 0
        try:
            lines.readline()
            while True:
                for _ in range(100):
                    frame = json.dumps({"type": "TASK", "id": f"evt_{number}", "payload": {"text": "é" * 50}})
                    op = {"op": "pub", "subject": "cosmonapse.dev.TASK", "frame": frame}
                    lines.write(json.dumps(op).encode() + b"\n")
                    number += 1
                lines.write(b'{"op":"ping"}\n')
                lines.flush()
                if not lines.readline():
                    return
                self.acknowledged.append((time.monotonic(), number))
                self.begun.set()
        except OSError:
            return
        finally:
            self._connection.close()


def record_and_kill(folder, after_s: float) -> None:
    path = folder / "session.ndjson"
    with bus_process(folder, "--quiet", "--record", str(path)) as (bus, url):
        publisher = Publisher(url)
        publisher.start()
        assert publisher.begun.wait(PATIENCE_S)
        time.sleep(after_s)
        killed_at = time.monotonic()
        bus.process.kill()
        publisher.join()
    lines = list(read_recording(path))
    assert all(not line.problem for line in lines[:-1])
    found = [json.loads(line.frame)["id"] for line in lines if not line.problem]
    assert found == [f"evt_{number}" for number in range(len(found))]
    safe = [number for at, number in publisher.acknowledged if at < killed_at - LAST_MOMENT_S - SLACK_S]
    assert len(found) >= max(safe, default=0)


@pytest.mark.parametrize("after_s", [0.0, 0.35, 1.5])
def test_a_killed_bus_leaves_a_recording_that_opens(tmp_path, after_s: float) -> None:
    record_and_kill(tmp_path, after_s)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_hundred_killed_buses_leave_recordings_that_open(tmp_path) -> None:
    moments = random.Random(7)
    for number in range(100):
        folder = tmp_path / str(number)
        folder.mkdir()
        record_and_kill(folder, moments.uniform(0, 2.0))


def test_a_burst_is_recorded_whole_or_what_is_missing_is_counted(tmp_path) -> None:
    count = 50_000
    of_bus, of_client = tmp_path / "bus.ndjson", tmp_path / "client.ndjson"
    with (
        bus_process(tmp_path, "--quiet", "--record", str(of_bus)) as (bus, url),
        running("record", "--url", url, "-o", str(of_client)) as record,
    ):
        record.wait_for("recording")
        frames = [{"type": "TASK", "id": f"evt_{number}"} for number in range(count)]
        ops = [
            {"op": "pub", "subject": "cosmonapse.dev.TASK", "frame": json.dumps(frame)} for frame in frames
        ]
        burst = "".join(json.dumps(op) + "\n" for op in ops) + '{"op":"ping"}\n'
        host, _, port = url.removeprefix("cosmo://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as connection:
            connection.sendall(burst.encode())
            answers = connection.makefile("rb")
            while b'"pong"' not in answers.readline():
                pass
        wait_until(lambda: f'"evt_{count - 1}"'.encode() in of_client.read_bytes()[-400:])
        assert record.interrupt() == 0
        assert bus.interrupt() == 0
    numbers = [number_of(line) for line in read_recording(of_bus) if b'"TASK"' in line.frame]
    assert numbers == list(range(count))
    missed = sum(
        int(said[1].replace(",", "")) for said in re.finditer(r"left out ([\d,]+) signals", record.text)
    )
    received = [number_of(line) for line in read_recording(of_client) if b'"TASK"' in line.frame]
    assert len(received) + missed == count
    assert received == sorted(set(received))


def number_of(line: RecordedLine) -> int:
    return int(json.loads(line.frame)["id"].removeprefix("evt_"))
