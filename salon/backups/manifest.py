"""What a backup says of itself, and whether this installation can take it."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

WHAT, FORMAT = "salon-archive-backup", 1
DATABASES = {"sqlite": "database.sqlite3.gz", "postgresql": "database.dump"}
DATABASE_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
MEDIA = "media"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Refused(Exception):
    """A backup cannot be made, or this one not restored; the text says why, in one sentence. Live data is as it was."""


@dataclass(frozen=True)
class Member:
    """A file in a backup: bytes and SHA-256 as stored there; `unpacked` bytes if it is compressed."""

    size: int
    sha256: str
    unpacked: int = 0


@dataclass(frozen=True)
class Manifest:
    """Made when, by which version of the product, from which database, with what in it.

    `migrations` are those applied, app → names; `rows` the number of rows of each table; `key` a fingerprint of the signing
    key, which is itself in no backup.
    """

    made_at: datetime
    product: str
    vendor: str
    migrations: dict
    rows: dict
    members: dict
    key: str = ""
    server: str = ""

    @property
    def database(self):
        """The name of the member that holds the database."""
        return DATABASES[self.vendor]

    @property
    def media(self):
        """The members under media/: path below the media folder → Member."""
        return {name.partition("/")[2]: each for name, each in self.members.items() if name != self.database}

    @property
    def media_bytes(self):
        return sum(each.size for each in self.media.values())

    def to_json(self):
        content = {"what": WHAT, "format": FORMAT} | asdict(self) | {"made_at": self.made_at.isoformat()}
        return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode()

    @classmethod
    def from_json(cls, content, file):
        """The Manifest of a backup. Raises Refused for anything that this program would not have written."""
        try:
            found = json.loads(content)
            if found.pop("what") != WHAT:
                raise Refused(_("%s is not a backup of Salon Archive.") % file)
            if found.pop("format") > FORMAT:
                raise Refused(_("%s was made by a newer version of the product; install that version to restore it.") % file)
            manifest = cls(
                **found
                | {"made_at": datetime.fromisoformat(found["made_at"])}
                | {"members": {_safe(name): Member(**each) for name, each in found["members"].items()}}
            )
            manifest._check()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Refused(_("%s is not a sound backup: its manifest makes no sense.") % file) from None
        return manifest

    def _check(self):
        """Raise ValueError, TypeError or KeyError for what cannot be."""
        if self.members[self.database].unpacked < 0 or self.made_at.tzinfo is None:
            raise ValueError
        for name, each in self.members.items():
            of_media = name.startswith(f"{MEDIA}/")
            if not (of_media or name == self.database) or each.size < 0 or not _SHA256.fullmatch(each.sha256):
                raise ValueError(name)
        if not all(_NAME.fullmatch(table) and type(count) is int and count >= 0 for table, count in self.rows.items()):
            raise ValueError
        if not all(isinstance(name, str) for names in self.migrations.values() for name in names):
            raise ValueError


def _safe(name):
    """A member's name, unless it could lead out of the folder it is put into on any system."""
    parts = PurePosixPath(name).parts
    if name != "/".join(parts) or ".." in parts or name.startswith("/") or any(c in '\\:*?"<>|' or c < " " for c in name):
        raise ValueError(name)
    return name


def check_fits(manifest, file, *, vendor, known):
    """Refuse a backup of another kind of database, or of a newer version. `known`: this program's migrations, (app, name)."""
    if manifest.vendor != vendor:
        refusal = _("%(file)s holds a database of %(theirs)s and cannot be restored into %(ours)s; set DATABASE_URL accordingly.")
        facts = {"theirs": DATABASE_NAMES[manifest.vendor], "ours": DATABASE_NAMES.get(vendor, vendor), "file": file}
        raise Refused(refusal % facts)
    applied = {(app, name) for app, names in manifest.migrations.items() for name in names}
    if unknown := sorted(applied - set(known)):
        refusal = _(
            "%(file)s was made by a newer version of the product (it has the migration %(migration)s); install that version."
        )
        raise Refused(refusal % {"file": file, "migration": ".".join(unknown[0])})
