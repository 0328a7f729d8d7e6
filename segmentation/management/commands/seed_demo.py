"""seed_demo: fill an empty database with a demo salon of any size."""

import os
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from archives.visits.models import Visit
from customers.card.models import Customer
from salon.accounts.models import User
from salon.dates import business_date
from salon.shop.models import Item, StaffMember
from segmentation.demo.bare import rollback_journal
from segmentation.demo.seed import Wish, seed_salon

LOGINS_FILE = "demo-logins.txt"
DESK_HOUR = 11  # the hour at the front desk when the last day is given
CACHE_KIB = 262_144  # of SQLite, for this connection: the indexes of a large salon do not fit into the usual 2 MB


class Command(BaseCommand):
    help = "Fill an empty database with a demo salon: customers, years of visits, one log-in per role."

    def add_arguments(self, parser):
        parser.add_argument("--customers", type=int, default=300)
        parser.add_argument("--years", type=int, default=2)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--as-of", type=date.fromisoformat, help="the last day of the history (default: today)")

    def handle(self, *, customers, years, seed, as_of, **options):
        if not (1 <= customers <= 5_000_000 and 1 <= years <= 20):
            raise CommandError(_("--customers must be between 1 and 5,000,000 and --years between 1 and 20."))
        if any(model.objects.exists() for model in (User, Customer, StaffMember, Item, Visit)):
            raise CommandError(_("This database is in use; the demo salon goes only into an empty one."))
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        wish = Wish(customers=customers, years=years, seed=seed, **_last_day(as_of))
        with rollback_journal(), transaction.atomic():
            salon = seed_salon(wish)
            path = write_logins(salon.passwords)
        self.stdout.write(
            _("Demo salon: %(customers)s customers, %(visits)s visits since %(first)s. Log-ins: %(path)s")
            % {
                "customers": Customer.objects.count(),
                "visits": Visit.objects.done().count(),
                "first": wish.first_day,
                "path": path,
            }
        )


def _last_day(as_of):
    """The last day and the moment at its front desk: now, or the late morning of the day that was asked for."""
    if as_of is None:
        now = timezone.now()
        return {"as_of": business_date(now), "now": now}
    return {"as_of": as_of, "now": datetime(as_of.year, as_of.month, as_of.day, DESK_HOUR, tzinfo=ZoneInfo(settings.TIME_ZONE))}


def write_logins(passwords):
    """Write "role user password" lines to a file only the owner of the process may read; returns its path."""
    path = settings.DATA_DIR / LOGINS_FILE
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.writelines(f"{role} {username} {password}\n" for role, (username, password) in passwords.items())
    return path
