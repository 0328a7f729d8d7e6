"""What an import from the browser keeps on disk: the file, its checked rows, how far it is, and the refused rows. Private."""

import csv
import json
import shutil
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from salon.spreadsheets import formulas

KEPT_DAYS = 7


def root():
    """The folder of all imports."""
    return settings.DATA_DIR / "imports"


class ImportFolder:
    """The folder of one import."""

    def __init__(self, pk):
        self.folder = root() / str(pk)
        self.upload, self.spool = self.folder / "upload", self.folder / "rows.spool"
        self.refused, self._progress = self.folder / "refused.csv", self.folder / "progress.json"
        self.lock = f"imports/{pk}/work"

    def open(self, chunks):
        """Make the folder and keep the uploaded file in it."""
        self.folder.mkdir(mode=0o700, parents=True)
        self.folder.parent.chmod(0o700)
        with self.upload.open("wb") as file:
            self.upload.chmod(0o600)
            for chunk in chunks:
                file.write(chunk)

    def clear(self):
        """Forget everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def forget_upload(self):
        """Forget the file, once it was read, and how far its reading was; and what a full disk left half written."""
        for path in (self.upload, self._progress, *self.folder.glob("*.new")):
            path.unlink(missing_ok=True)

    def forget_rows(self):
        """Forget the file and its rows; what was refused stays, to be downloaded."""
        self.forget_upload()
        self.spool.unlink(missing_ok=True)

    # --- how far it is

    def note_progress(self, done):
        beside = self._progress.with_suffix(".new")
        beside.write_text(json.dumps(done), encoding="ascii")
        beside.replace(self._progress)

    @property
    def progress(self):
        """How many rows are done, as far as is known."""
        try:
            return int(json.loads(self._progress.read_text(encoding="ascii")))
        except (OSError, ValueError):
            return 0

    # --- the refused rows

    def write_refused(self, spool):
        """The refused rows as a CSV file Excel opens: row, reason, and the cells as they stood. None refused: no file."""
        if not spool.count("refused"):
            self.refused.unlink(missing_ok=True)
            return
        beside = self.refused.with_suffix(".new")
        with beside.open("w", encoding="utf-8-sig", newline="", errors="replace") as file:
            writer = csv.writer(file)
            writer.writerow([_("Row"), _("Reason"), *map(formulas.guarded, spool.fact("header", []))])
            for row, reason, raw in spool.refused_raw():
                writer.writerow([row, formulas.guarded(reason), *map(formulas.guarded, raw)])
        beside.replace(self.refused)


def prune(now):
    """Forget the folders of imports that nobody has touched for a week."""
    oldest = (now - timedelta(days=KEPT_DAYS)).timestamp()
    for folder in root().glob("*"):
        if folder.is_dir() and folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)
