"""What the product has acknowledged is on the disk: a power cut takes nothing back."""

import re
import shutil
import subprocess
import time

import pytest

from tests import live
from tests.marks import sqlite_only

pytestmark = [
    pytest.mark.long,
    sqlite_only,  # serve warns of a PostgreSQL without fsync
    pytest.mark.skipif(not shutil.which("strace"), reason="not run: strace is not installed"),
]
WRITES = 200


def syncs_of_the_log(salon, trace):
    """How often the write-ahead log was synced while WRITES writes were acknowledged, one by one.

    The first request of a session stores its idle stamp before it is answered, so each is one write.
    """
    sessions = salon.call("tests.live_acts:sessions", username="manager", count=WRITES)
    visitors = [live.Visitor(salon.port, session) for session in sessions]
    before = dict(salon.sql("SELECT session_key, session_data FROM django_session"))
    command = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", str(trace), "-p", str(salon.process.pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        try:
            assert "attached" in tracer.stderr.readline()
            assert {visitor.get("/healthz/").status for visitor in visitors} == {200}
            time.sleep(0.2)
        finally:
            tracer.terminate()
    after = dict(salon.sql("SELECT session_key, session_data FROM django_session"))
    assert len([key for key in before if after[key] != before[key]]) == WRITES
    return len(re.findall(r"(?:fsync|fdatasync)\(\d+<[^>]*salon\.sqlite3-wal>\)\s*=\s*0", trace.read_text()))


def test_every_acknowledged_write_was_synced(tmp_path):
    with live.running() as salon:
        assert syncs_of_the_log(salon, tmp_path / "trace") >= WRITES


def test_control_without_full_synchronisation_acknowledged_writes_are_not_synced(tmp_path):
    with live.running(script="tests/long/unguarded.py", environment={"UNGUARDED": "sync"}) as salon:
        assert syncs_of_the_log(salon, tmp_path / "trace") < WRITES / 2
