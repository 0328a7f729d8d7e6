"""What is done every night, in this order: command → what people read of it.

A step is a command, called by name; each stands on the floor that can do it. A later room joins by a line here. A step that
fails does not keep the others from running; the backup comes late, so that it holds what the night has computed.
"""

from django.utils.translation import gettext_lazy as _

STEPS = {
    "recompute_tiers": _("Tiers of the day that has ended"),
    "check_data": _("Checks of the data"),
    "prune_exports": _("Files made for somebody removed"),
    "clearsessions": _("Ended sessions removed"),
    "backup": _("Backup, read back"),
    "prune_backups": _("Old backups removed"),
}
