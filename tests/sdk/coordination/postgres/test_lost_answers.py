"""PostgresStore when the line breaks at a commit, or somebody keeps what is to be written."""

from __future__ import annotations

import socket
import threading

import psycopg
import pytest

from cosmo_sdk.coordination import PostgresStore, StoreBusyError
from tests.contracts.coordination_store import event


class Cutting:
    """Between a store and its server: cuts the connection once the server has answered a COMMIT, which nobody hears."""

    def __init__(self, directory: str) -> None:
        self._real = f"{directory}/.s.PGSQL.5432"
        self._listener = socket.socket(socket.AF_UNIX)
        self.armed = False
        self._threads: list[threading.Thread] = []

    def listen(self, directory) -> None:
        self._listener.bind(f"{directory}/.s.PGSQL.5432")
        self._listener.listen()
        self._start(self._accept)

    def _start(self, work, *arguments) -> None:
        thread = threading.Thread(target=work, args=arguments)
        thread.start()
        self._threads.append(thread)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in list(self._threads):
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._real)
            committing = threading.Event()
            back = threading.Thread(target=self._answer, args=(client, server, committing))
            back.start()
            while data := client.recv(1 << 16):
                if self.armed and b"COMMIT" in data:
                    self.armed = False
                    committing.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)
            back.join()

    def _answer(self, client: socket.socket, server: socket.socket, committing: threading.Event) -> None:
        while (data := server.recv(1 << 16)) and not committing.is_set():
            client.sendall(data)
        client.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def cutting(postgres, schema, tmp_path_factory):
    cutting = Cutting(str(postgres._directory))
    directory = tmp_path_factory.mktemp("cut")
    cutting.listen(directory)
    store = PostgresStore(f"postgresql://postgres@/postgres?host={directory}", schema=schema)
    yield cutting, store
    store.close()
    cutting.close()


def test_a_commit_whose_answer_was_lost_is_found_again(cutting):
    line, store = cutting
    line.armed = True
    assert store.commit("k", 0, 1, events=[event("one")]) == 1
    assert not line.armed
    assert store.get_versioned("k") == (1, 1)
    assert [told.subject for _, told in store.events(0)] == ["one"]


def test_a_commit_nobody_can_ask_about_is_said_to_be_unknown(cutting):
    line, store = cutting
    line.armed = True
    with pytest.raises(ConnectionError, match="went away while a change to 'k' was being committed: look"):
        store.commit("k", 0, 1)
    assert store.get_versioned("k") == (1, 1)


def test_a_process_that_stops_within_a_transaction_does_not_hold_up_the_others_for_long(open_postgres):
    store = open_postgres(busy_timeout_ms=300)
    store.commit("k", 0, 1, events=[event("one")])
    with store._connections._lent() as stopped:
        stopped.execute("BEGIN")
        stopped.execute("UPDATE counter SET value=value+1 WHERE name='rev'")
        told = 0
        while told < 2:
            try:
                told = store.commit("k", 1, 2, events=[event("two")])
            except StoreBusyError:
                told = 0
        # The server sent it away, and what it had begun is gone.
        with pytest.raises(psycopg.Error):
            stopped.execute("COMMIT")
    assert [revision for revision, _ in store.events(0)] == [1, 2]


def test_who_waits_too_long_for_a_record_is_told_that_nothing_was_written(open_postgres):
    patient, store = open_postgres(busy_timeout_ms=60_000), open_postgres(busy_timeout_ms=50)
    store.put("k", 1)
    with patient._connections._lent() as other:
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM kv WHERE key='k' FOR UPDATE")
        with pytest.raises(StoreBusyError, match=r"others kept it for 0\.05 s .*nothing was written"):
            store.commit("k", 1, 2, events=[event("one")])
        other.execute("ROLLBACK")
    assert store.events(0) == []
    store.put("k", 2)
    assert store.get("k") == 2
