"""What the browser tests of log-ins do to the salon's database, in a process that has it."""

from urllib.parse import urlsplit

from django.utils import timezone
from django_otp.oath import totp

from salon import access
from salon.accounts import services
from salon.shop.models import Branch
from tests import builders


def link_for(name):
    """The path of a one-time link for a new owner of a real salon."""
    staff = builders.make_staff(branch=Branch.objects.first(), role="owner", name=name, login=False)
    actor = access.Actor(user=None, role=access.OWNER, now=timezone.now())
    return urlsplit(services.invite(actor=actor, staff=staff)).path


def code_for(secret, ahead=0):
    """What an app with this secret (hex) shows `ahead` half minutes from now."""
    return f"{totp(bytes.fromhex(secret), t0=-30 * ahead):06d}"
