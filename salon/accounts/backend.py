"""From a log-in to a person: the authentication backend and the actor of a request."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django_otp import user_has_device

from salon import access
from salon.accounts.models import User
from salon.shop.models import Branch

BRANCH_KEY = "branch"  # session: the branch an owner has switched to


class StaffBackend(ModelBackend):
    """Loads user, staff record, branch and role in two queries a request."""

    def get_user(self, user_id):
        users = User.objects.select_related("staff__branch").prefetch_related("groups")
        user = users.filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None


def role_of(user):
    """The one role of a user, or None. Who left or has no staff record has none."""
    staff = getattr(user, "staff", None)
    if staff is None or not staff.is_active:
        return None
    names = {group.name for group in user.groups.all()}
    return next((role for role in access.ROLES if role in names), None)


def actor_for(request, now):
    """The Actor of a request; without role for nobody."""
    user = request.user
    if isinstance(user, AnonymousUser) or not user.is_authenticated:
        return access.Actor(user=None, role=None, now=now)
    role, staff = role_of(user), getattr(user, "staff", None)
    branch = staff.branch if staff else None
    chosen = request.session.get(BRANCH_KEY)
    if role == access.OWNER and chosen and chosen != branch.pk:
        branch = Branch.objects.open().filter(pk=chosen).first() or branch
    return access.Actor(
        user=user,
        role=role,
        now=now,
        staff=staff,
        branch=branch,
        has_finance=bool(staff and staff.has_finance) or role == access.OWNER,
        needs_second_factor=_needs_second_factor(user, role),
    )


def _needs_second_factor(user, role):
    return role in access.NEED_SECOND_FACTOR and not user.is_demo and not user.is_verified()


def has_second_factor(user):
    """True once the user has confirmed a TOTP device."""
    return user_has_device(user)
