"""What the product has acknowledged is on the disk: a power cut takes nothing back."""

import re
import shutil
import subprocess
import time

import pytest
from django.db import connection  # noqa: F401 - named in skipif

from tests import live

pytestmark = pytest.mark.long
WRITES = 200


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="about SQLite; serve warns of a PostgreSQL without fsync")
@pytest.mark.skipif(not shutil.which("strace"), reason="not run: strace is not installed")
def test_every_acknowledged_write_was_synced_to_the_log(tmp_path):
    """Each answer to the first request of a session follows one write (its idle stamp), so the log is synced once for each."""
    with live.running() as salon:
        sessions = salon.call("tests.live_acts:sessions", username="manager", count=WRITES)
        visitors = [live.Visitor(salon.port, session) for session in sessions]
        trace = tmp_path / "trace"
        command = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", str(trace), "-p", str(salon.process.pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
            try:
                assert "attached" in tracer.stderr.readline()
                before = dict(salon.sql("SELECT session_key, session_data FROM django_session"))
                assert {visitor.get("/account/").status for visitor in visitors} <= {200, 302}
                time.sleep(0.2)
            finally:
                tracer.terminate()
        after = dict(salon.sql("SELECT session_key, session_data FROM django_session"))
        assert len([key for key in before if after[key] != before[key]]) == WRITES
    synced = re.findall(r"(?:fsync|fdatasync)\(\d+<[^>]*salon\.sqlite3-wal>\)\s*=\s*0", trace.read_text())
    assert len(synced) >= WRITES
