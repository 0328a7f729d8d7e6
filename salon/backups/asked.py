"""A backup that somebody asks for on the page: made in a process of its own (`manage.py work_backup`), one at a time.

What becomes of it stands in one small file of the data directory. While it works the process holds a lock that goes with it: who
finds that free and the backup not made knows that the process was ended.
"""

import json
import logging
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from salon.backups import services, taking
from salon.backups.manifest import Refused
from salon.database import locks
from salon.errors import Conflict
from salon.processes import background

FILE, LOCK = "backup-asked.json", "backup-asked"
BEGIN = timedelta(seconds=30)  # how long a process may take to begin
MAKING, DONE, FAILED = "making", "done", "failed"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """The backup asked for last, and what became of it. Times are ISO texts in UTC."""

    begun_at: str
    language: str
    state: str = MAKING
    stage: int = 0  # of taking.STAGES; 0: it has not begun
    name: str = ""
    problem: str = ""

    def store(self, **changes):
        """Keep it as it is now, with these changes; returns it."""
        changed = replace(self, **changes)
        path = settings.DATA_DIR / FILE
        beside = path.with_suffix(".new")
        beside.touch(mode=0o600)
        beside.write_text(json.dumps(asdict(changed)), encoding="utf-8")
        beside.replace(path)
        return changed

    def is_abandoned(self, now):
        """True if the process that made it is gone before it was done."""
        if self.state != MAKING or now - datetime.fromisoformat(self.begun_at) < BEGIN:
            return False
        with locks.held(LOCK) as is_free:
            return is_free

    def is_at_work(self, now):
        return self.state == MAKING and not self.is_abandoned(now)


def last():
    """The Asked of the last time, None if there was none."""
    try:
        found = Asked(**json.loads((settings.DATA_DIR / FILE).read_text(encoding="utf-8")))
        datetime.fromisoformat(found.begun_at)
    except (OSError, ValueError, TypeError):
        return None
    return found


def begin(*, actor):
    """Begin a backup in the background, unless one that was asked for is being made; returns its Asked."""
    for _try in range(50):
        with locks.held("backup-begin") as is_alone:  # of two clicks the second finds what the first has begun
            if is_alone:
                asked = last()
                if asked is None or not asked.is_at_work(actor.now):
                    asked = Asked(begun_at=actor.now.isoformat(), language=get_language()).store()
                    start()
                return asked
        time.sleep(0.1)
    raise Conflict(_("Another backup is being made, or one restored; try again when that has ended."))


def start():
    """Make it in a process of its own; returns at once."""
    background.start("work_backup")


def make(clock):
    """Make the backup that was asked for; the page says what goes wrong, in the language of who asked. `clock` tells the time."""
    asked = last()
    if asked is None or asked.state != MAKING:
        return
    with translation.override(asked.language), locks.held(LOCK) as is_mine:
        if not is_mine:
            return
        try:
            asked.store(state=DONE, name=_make(asked, clock).path.name)
        except Refused as reason:
            asked.store(state=FAILED, problem=str(reason))
        except DatabaseError:
            log.exception("backup asked for")
            asked.store(state=FAILED, problem=_("The database did not answer. Try again."))
        except Exception:
            log.exception("backup asked for")
            asked.store(state=FAILED, problem=_("It is our fault, not yours; the fault was written down."))


def _make(asked, clock):
    began = time.monotonic()
    with locks.held(taking.LOCK) as is_held:
        if not is_held:
            raise Refused(_("Another backup is being made, or one restored; try again when that has ended."))
        taken = taking.take(now=clock(), passphrase=settings.BACKUP_PASSPHRASE, note=lambda stage: asked.store(stage=stage))
    services.record(taken=taken, now=clock(), milliseconds=int((time.monotonic() - began) * 1000))
    return taken
