"""What a backup leaves in the database: a row that it was made and verified."""

from django.db import connection

from salon.backups.models import Backup


def record(*, taken, now, milliseconds):
    """Note a verified backup; None where this database is from before such notes (a backup ahead of an upgrade)."""
    if Backup._meta.db_table not in connection.introspection.table_names():
        return None
    return Backup.objects.create(
        verified_at=now,
        name=taken.path.name,
        size=taken.size,
        is_encrypted=taken.is_encrypted,
        rows=sum(taken.manifest.rows.values()),
        media_files=len(taken.manifest.media),
        milliseconds=milliseconds,
    )
