"""How long backups stay: many of late, fewer of long ago. Only files that carry a backup's own name are ever removed."""

import re
from datetime import datetime, timedelta

RECENT = timedelta(hours=24)  # all of the last day, counted back from the newest backup
KEPT = {"day": 14, "week": 8, "month": 12}  # and the newest of each of the last so many that have one
BEFORE_RESTORE_KEPT = 3
SAFETY_PREFIX = "before-restore"
STAMP = "%Y%m%d-%H%M%S"
_PERIODS = {
    "day": lambda at: at.strftime("%Y%m%d"),
    "week": lambda at: at.strftime("%G%V"),
    "month": lambda at: at.strftime("%Y%m"),
}
_NAME = re.compile(r"(salon|before-restore)-(\d{8}-\d{6})(?:\.age)?\.tar")


def name_for(at, *, is_encrypted, prefix="salon"):
    """The name of a backup made at a local time."""
    return f"{prefix}-{at.strftime(STAMP)}{'.age' if is_encrypted else ''}.tar"


def read_name(name):
    """(prefix, naive local time) of a backup's name, or None for any other file."""
    found = _NAME.fullmatch(name)
    try:
        return found and (found[1], datetime.strptime(found[2], STAMP))  # noqa: DTZ007 - a name carries no zone
    except ValueError:
        return None


def kept(times):
    """Of the times of backups those to keep: the RECENT ones, and for each rule of KEPT the newest of each period."""
    newest_first = sorted(set(times), reverse=True)
    keep = {at for at in newest_first if newest_first[0] - at < RECENT}
    for period, number in KEPT.items():
        chosen = {}
        for at in newest_first:
            chosen.setdefault(_PERIODS[period](at), at)
        keep.update(list(chosen.values())[:number])
    return keep


def superfluous(names):
    """The names, of those in a folder, that may go; sorted."""
    read = {name: found for name in names if (found := read_name(name))}
    regular = {name: at for name, (prefix, at) in read.items() if prefix != SAFETY_PREFIX}
    safety = sorted((at, name) for name, (prefix, at) in read.items() if prefix == SAFETY_PREFIX)
    keep = kept(regular.values())
    return sorted(
        [name for name, at in regular.items() if at not in keep] + [name for _at, name in safety[:-BEFORE_RESTORE_KEPT]]
    )
