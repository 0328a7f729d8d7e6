"""The files made in the background: a folder for each, named at random and private, and gone after an hour.

There is no row in the database: a file is its person's alone, and what was searched for must not outlive it.
"""

import json
import secrets
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from salon.database import locks

KEPT = timedelta(hours=1)
BEGIN = timedelta(seconds=30)  # how long a process may take to begin
MAKING, READY, FAILED = "making", "ready", "failed"


def root():
    """The folder of all."""
    return settings.DATA_DIR / "exports"


@dataclass(frozen=True)
class Job:
    """What was asked for, by whom in which role and branch, and what became of it. Times are ISO texts in UTC."""

    token: str
    user: int
    role: str
    branch: int
    page: str
    query: str
    language: str
    begun_at: str
    state: str = MAKING
    filename: str = ""
    rows: int = 0
    problem: str = ""
    done_at: str = ""

    @property
    def folder(self):
        return root() / self.token

    @property
    def file(self):
        return self.folder / "file.xlsx"

    @property
    def lock(self):
        """Held by the process that makes the file, and free once that is gone, however it ended."""
        return f"exports/{self.token}/work"

    @property
    def begun(self):
        return datetime.fromisoformat(self.begun_at)

    @property
    def until(self):
        """When it is gone."""
        return datetime.fromisoformat(self.done_at or self.begun_at) + KEPT

    @property
    def asked(self):
        """What two requests for the same file have in common."""
        return self.user, self.role, self.branch, self.page, self.query, self.language

    def store(self, **changes):
        """Keep it as it is now, with these changes; returns it."""
        changed = replace(self, **changes)
        _write(self.folder / "job.json", asdict(changed))
        return changed

    def note_progress(self, done, whole):
        _write(self.folder / "progress.json", [done, whole])

    @property
    def progress(self):
        """(rows done, rows in all), as far as is known."""
        try:
            done, whole = json.loads((self.folder / "progress.json").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0, 0
        return done, whole

    def is_abandoned(self, now):
        """True if the process that made it is gone before it was done."""
        if self.state != MAKING or now - self.begun < BEGIN or not self.folder.is_dir():
            return False
        with locks.held(self.lock) as is_free:
            return is_free

    def clear(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def open_new(**fields):
    """A Job with its folder. Its name cannot be guessed."""
    job = Job(token=secrets.token_hex(20), **fields)
    root().mkdir(mode=0o700, parents=True, exist_ok=True)
    root().chmod(0o700)
    job.folder.mkdir(mode=0o700)
    return job.store()


def find(token):
    """The Job of a token, or None; there is none in a file that is no folder."""
    try:
        return Job(**json.loads((root() / token / "job.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def jobs():
    """All Jobs, the newest first."""
    found = [find(folder.name) for folder in root().glob("*")]
    return sorted((job for job in found if job), key=lambda job: job.begun_at, reverse=True)


def prune(now):
    """Forget what is older than KEPT, but not what is still being made; returns how many are gone."""
    gone = 0
    for folder in root().glob("*"):
        job = find(folder.name)
        if job and (now < job.until or job.state == MAKING and not job.is_abandoned(now)):
            continue
        if folder.is_dir() and (job or _is_old(folder, now)):
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _is_old(folder, now):
    return folder.stat().st_mtime < (now - KEPT).timestamp()


def _write(path, content):
    beside = path.with_suffix(".new")
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(content), encoding="utf-8")
    beside.replace(path)
