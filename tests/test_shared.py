"""What one worker of a run of tests has made, the others take; what nobody has made yet, one makes and the others wait for."""

import threading
import time

from django.db import connection

from tests import copies, shared


def test_what_is_asked_for_at_once_is_made_once(tmp_path, monkeypatch):
    monkeypatch.setenv(shared.NAMED_BY, str(tmp_path))
    made, taken = [], []

    def make():
        time.sleep(0.05)
        made.append("a salon")
        return {"data_dir": "顾客", "number": len(made)}

    threads = [threading.Thread(target=lambda: taken.append(shared.made_once("salon", make))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), taken) == (1, [{"data_dir": "顾客", "number": 1}] * 4)
    assert shared.made_once("other", lambda: [made]) == [made]


def test_what_could_not_be_made_is_made_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setenv(shared.NAMED_BY, str(tmp_path))

    def fail():
        raise RuntimeError("no room")

    try:
        shared.made_once("salon", fail)
    except RuntimeError:
        assert shared.made_once("salon", lambda: 7) == 7
    else:
        raise AssertionError("the fault is told")


def test_the_first_worker_keeps_its_database_and_the_second_is_told_of_it(tmp_path, monkeypatch):
    monkeypatch.setenv(shared.NAMED_BY, str(tmp_path))
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    calls = []
    monkeypatch.setitem(copies.KEEP, connection.vendor, lambda _connection, kept: (calls.append("kept"), kept.write_text("it")))
    monkeypatch.setitem(copies.BEGIN_WITH, connection.vendor, lambda _connection, kept: calls.append(kept.read_text()))
    for _worker in range(2):
        with copies.of_the_first(connection) as made:
            made()
    assert calls == ["kept", "it"]
    monkeypatch.delenv("PYTEST_XDIST_WORKER")
    with copies.of_the_first(connection) as made:
        made()
    assert calls == ["kept", "it"]  # alone, nobody keeps anything
