"""Operation keys: one act of a person is stored once, however often its form arrives.

The server renders a key into the form, signed for this user and this action. The service that stores something claims the
key in the same transaction. The same form again finds the result and is sent there; other data under a used key is a
conflict. A key is used only when something was stored, so a form with errors may be sent again.
"""

import hashlib
import json
import uuid

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, models, transaction

FIELD = "operation"
_MAX_AGE = 7 * 24 * 3600


class AlreadyDone(Exception):
    """The operation was stored before; `url` shows its result."""

    def __init__(self, url):
        self.url = url


class KeyConflict(Exception):
    """The operation key was used for other data."""


class BadKey(Exception):
    """The operation key is missing, forged, another person's, or older than a week."""


class Operation(models.Model):
    """A used operation key with a fingerprint of its data and where its result is shown."""

    key = models.UUIDField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    action = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=64)
    url = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return f"{self.action} {self.key}"


def new_key(user, action):
    """A fresh key for a form, bound to user and action."""
    return signing.dumps(uuid.uuid4().hex, salt=f"operation:{action}:{user.pk}", compress=False)


def read_key(text, user, action):
    """The UUID of a key from a form. Raises BadKey."""
    try:
        return uuid.UUID(signing.loads(text or "", salt=f"operation:{action}:{user.pk}", max_age=_MAX_AGE))
    except (signing.BadSignature, ValueError) as error:
        raise BadKey from error


def is_used(text, user, action):
    """True if something was stored under a form's key: sent again it finds that, and needs to be asked nothing."""
    try:
        return Operation.objects.filter(pk=read_key(text, user, action)).exists()
    except BadKey:
        return False


def fingerprint(data):
    """SHA-256 of cleaned data (lists, dicts, text, numbers, dates), independent of the order of keys."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()


def posted(request):
    """What a form sent, as data for its key: every input but the CSRF token and the key, and a digest of each file."""
    inputs = {name: values for name, values in request.POST.lists() if name not in ("csrfmiddlewaretoken", FIELD)}
    return {"inputs": inputs, "files": {name: _digest(file) for name, file in request.FILES.items()}}


def _digest(file):
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def look_up(*, key, user, action, data):
    """Raise AlreadyDone or KeyConflict if the key was used; for forms that would judge a replay by what it stored itself."""
    done = Operation.objects.filter(pk=key).first()
    if done:
        if done.fingerprint != fingerprint(data) or done.action != action or done.user_id != user.pk:
            raise KeyConflict
        raise AlreadyDone(done.url)


def claim(*, key, user, action, data, url=""):
    """Record the key inside the caller's transaction; returns the row, whose `url` the caller may still set.

    Raises AlreadyDone if the same data was stored under it, KeyConflict if other data was. Of twenty at once one passes:
    the others wait here until it has committed (unique key), on either database.
    """
    try:
        with transaction.atomic():
            return Operation.objects.create(key=key, user=user, action=action, fingerprint=fingerprint(data), url=url)
    except IntegrityError:
        look_up(key=key, user=user, action=action, data=data)
        raise
