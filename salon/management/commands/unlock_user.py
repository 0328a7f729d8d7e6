"""The way back in for somebody nobody else can let in, such as the only owner."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from salon import access
from salon.accounts import services
from salon.accounts.models import User
from salon.shop.models import StaffMember


class Command(BaseCommand):
    help = "Forget a user's failed log-ins and wrong codes; if asked, also the second factor, and make a link for a new password."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--second-factor", action="store_true", help="forget app and recovery codes; sessions end")
        parser.add_argument("--link", action="store_true", help="print a one-time link for a new password")

    @transaction.atomic
    def handle(self, *, username, second_factor, link, **options):
        staff = StaffMember.objects.filter(user__username=User.normalize_username(username)).first()
        if staff is None:
            raise CommandError(f"No staff member logs in as {username}.")
        actor = access.Actor(user=None, role=access.OWNER, now=timezone.now())
        try:
            services.unlock(actor=actor, staff=staff)
            if second_factor:
                services.reset_second_factor(actor=actor, staff=staff)
            if link:
                self.stdout.write(services.invite(actor=actor, staff=staff))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{staff.user.username} may try again.")
