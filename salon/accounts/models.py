"""Log-ins: the user account and the one-time link it is made by."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

INVITATION_LIFE = timedelta(hours=24)


class UserManager(BaseUserManager):
    """Users are made by `services.accept_invitation`, `seed_demo` and tests; there is no superuser."""

    def create_user(self, username, password=None, **fields):
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username):
        return self.get(username=self.model.normalize_username(username))


class User(AbstractBaseUser, PermissionsMixin):
    """A log-in. Who the person is stands in the staff record; what they may do, in the groups (salon/access.py)."""

    username = models.CharField(
        _("user name"),
        max_length=60,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("This user name is taken.")},
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_demo = models.BooleanField(_("demo log-in"), default=False, help_text=_("Needs no second factor; loopback only."))
    language = models.CharField(_("language"), max_length=10, blank=True, choices=settings.LANGUAGES)
    theme = models.CharField(_("appearance"), max_length=5, blank=True, choices=[("light", _("Light")), ("dark", _("Dark"))])
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    session_generation = models.PositiveIntegerField(default=0, editable=False)  # one more ends all sessions

    objects = UserManager()
    USERNAME_FIELD = "username"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self):
        return self.username

    @classmethod
    def normalize_username(cls, username):
        """One spelling per person: a tablet's capital letter or a full-width one is the same user name."""
        return super().normalize_username(username).casefold() if isinstance(username, str) else username

    def get_session_auth_hash(self):
        """What a session must carry to be this user's: it changes with the password and with every `end_sessions`."""
        return f"{super().get_session_auth_hash()}.{self.session_generation}"

    def get_session_auth_fallback_hash(self):
        for fallback in super().get_session_auth_fallback_hash():
            yield f"{fallback}.{self.session_generation}"


def token_digest(token):
    """What is stored of a link's token: whoever reads the database cannot use the link."""
    return hashlib.sha256(token.encode()).hexdigest()


class Invitation(models.Model):
    """A one-time link by which a staff member chooses user name and password (first time, or after forgetting it)."""

    staff = models.ForeignKey("salon.StaffMember", models.CASCADE, related_name="invitations", verbose_name=_("staff member"))
    digest = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey("salon.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self):
        return f"{self.staff} until {self.expires_at:%Y-%m-%d %H:%M}"

    @staticmethod
    def new_token():
        return secrets.token_urlsafe(32)

    def is_open(self, now):
        return self.used_at is None and now < self.expires_at
