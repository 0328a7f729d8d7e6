"""The first log-in of a new, empty installation: a branch, an owner, and a one-time link."""

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from salon import access
from salon.accounts import services
from salon.shop.models import Branch, StaffMember


class Command(BaseCommand):
    help = "Make the owner of a new installation and print the one-time link by which the owner sets user name and password."

    def add_arguments(self, parser):
        parser.add_argument("--name", default="", help="the owner's name (default: the word owner)")
        parser.add_argument("--branch-name", default="", help="name of the first branch")

    @transaction.atomic
    def handle(self, *, name, branch_name, **options):
        owners = StaffMember.objects.filter(role=access.OWNER, is_active=True)
        if owners.filter(user__is_active=True).exists():
            raise CommandError(_("There is an owner who can log in already. Ask that person, or see unlock_user."))
        branch = Branch.objects.order_by("pk").first()
        if branch is None:
            branch = Branch.objects.create(code=Branch.FIRST_CODE, name=branch_name or _("Main branch"))
        elif branch_name and branch.code == Branch.FIRST_CODE:
            branch.name = branch_name
            branch.save()
        staff = owners.filter(user=None).order_by("pk").first()
        if staff is None:
            staff = StaffMember.objects.create(name=name or _("Owner"), role=access.OWNER, branch=branch)
        link = services.invite(actor=access.Actor(user=None, role=access.OWNER, now=timezone.now()), staff=staff)
        self.stdout.write(_("Open this link within a day to choose user name and password:"))
        self.stdout.write(link)
