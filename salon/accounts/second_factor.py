"""The second factor: one authenticator app (TOTP) a person, and ten recovery codes for the day the phone is lost.

Recovery codes are stored as a slow salted digest in django-otp's static tokens, so whoever reads the database cannot use
them. Five wrong codes of either kind lock both for a quarter of an hour; the count stands on the app's row.
"""

import base64
import hashlib
import secrets
import unicodedata
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from salon.accounts.models import User
from salon.errors import Conflict

WRONG_CODES = 5
LOCKED_FOR = timedelta(minutes=15)
RECOVERY_CODES = 10
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is mistaken for another when read from paper
_CODE_LENGTH = 10  # 49 bits
_ROUNDS = 20_000


APP, RECOVERY = "app", "recovery"


class Locked(Exception):
    """Too many wrong codes; `until` says when the next one is looked at."""

    def __init__(self, until):
        self.until = until


class ShownBefore(Conflict):
    """Another press of the same button was first. What it made is shown on its page alone, and not made anew by this one."""


def device_of(user):
    """The user's authenticator app, or None."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def new_secret():
    """A fresh secret for an app that is being set up (hex, as django-otp keeps it)."""
    return default_key()


def pairing(user, secret):
    """What an app needs to be paired: the address inside the QR code, and the secret in groups of four for typing."""
    device = TOTPDevice(user=user, key=secret)
    text = base64.b32encode(device.bin_key).decode()
    return device.config_url, " ".join(text[i : i + 4] for i in range(0, len(text), 4))


@transaction.atomic
def set_up(*, user, secret, code):
    """Pair an app if its code is right. Returns (device, recovery codes), or None for a wrong code.

    An app paired before, and its recovery codes, stop working. Raises ShownBefore if this very app is paired already.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if TOTPDevice.objects.filter(user=user, key=secret, confirmed=True).exists():
        raise ShownBefore(_("This phone is paired already. If you did not see its recovery codes, make new ones."))
    device = TOTPDevice.objects.create(user=user, key=secret, name="app", confirmed=False)
    if not device.verify_token(_digits(code)):
        device.delete()
        return None
    TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    return device, _new_sheet(user)


@transaction.atomic
def renew_recovery_codes(*, user, instead_of):
    """Make ten new recovery codes and return them; the old ones stop working. They are shown once and never stored.

    `instead_of`: the `sheet_of` the user that they replace. Raises ShownBefore if that was replaced meanwhile.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if instead_of != sheet_of(user):
        text = _("New recovery codes were made a moment ago, on another page. If you do not have them, make new ones.")
        raise ShownBefore(text)
    return _new_sheet(user)


def sheet_of(user):
    """The number of the sheet of recovery codes that holds, or None."""
    return StaticDevice.objects.filter(user=user).values_list("pk", flat=True).first()


def _new_sheet(user):
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery")
    codes = [_random_code() for _n in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=_digest(device, code)) for code in codes])
    return codes


def recovery_codes_left(user):
    """How many recovery codes have not been used."""
    return StaticToken.objects.filter(device__user=user).count()


@transaction.atomic
def verify(*, user, code, now):
    """Which kind of code this is, APP or RECOVERY, or None if it is none. Raises Locked after five wrong ones.

    A code works once: the row is locked while it is looked at, on either database.
    """
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
    if device is None:
        return None
    until = locked_until(device)
    if until and now < until:
        raise Locked(until)
    failures = device.throttling_failure_count
    if device.verify_token(_digits(code)):
        return APP
    if _use_recovery_code(user, code):
        device.throttle_reset()
        return RECOVERY
    device.throttling_failure_count, device.throttling_failure_timestamp = failures + 1, now
    device.save(update_fields=["throttling_failure_count", "throttling_failure_timestamp"])
    return None


def locked_until(device):
    """When codes are looked at again after every fifth wrong one in a row, or None."""
    count = device.throttling_failure_count
    return device.throttling_failure_timestamp + LOCKED_FOR if count and count % WRONG_CODES == 0 else None


def forget_failures(user):
    """Look at codes again at once."""
    TOTPDevice.objects.filter(user=user).update(throttling_failure_count=0, throttling_failure_timestamp=None)


def remove(user):
    """Forget the app and the recovery codes. Call it inside a transaction."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()


def _use_recovery_code(user, code):
    device = StaticDevice.objects.filter(user=user).first()
    code = _plain(code)
    if device is None or len(code) != _CODE_LENGTH:
        return False
    deleted, _by_model = device.token_set.filter(token=_digest(device, code)).delete()
    return deleted == 1


def _random_code():
    code = "".join(secrets.choice(_ALPHABET) for _n in range(_CODE_LENGTH))
    return f"{code[:5]}-{code[5:]}"


def _plain(code):
    """A recovery code as it was meant: upper case, half width, without what people put between groups."""
    return "".join(c for c in unicodedata.normalize("NFKC", code).upper() if c in _ALPHABET)


def _digits(code):
    """The six digits of an app's code, or "" if it is none."""
    digits = "".join(unicodedata.normalize("NFKC", code).split())
    return digits if digits.isascii() and digits.isdigit() and len(digits) == 6 else ""


def _digest(device, code):
    raw = hashlib.pbkdf2_hmac("sha256", _plain(code).encode(), f"recovery:{device.pk}".encode(), _ROUNDS, dklen=10)
    return base64.b32encode(raw).decode()
