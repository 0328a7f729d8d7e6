"""From a log-in to a person: the authentication backend and the actor of a request."""

from django.contrib.auth.backends import ModelBackend

from salon import access
from salon.accounts.models import User
from salon.shop.models import Branch


class StaffBackend(ModelBackend):
    """Loads user, staff record, branch and role in two queries a request. Somebody without a role is nobody."""

    def get_user(self, user_id):
        users = User.objects.select_related("staff__branch").prefetch_related("groups")
        user = users.filter(pk=user_id, is_active=True).first()
        return user if role_of(user) else None

    def user_can_authenticate(self, user):
        """The right password of somebody who left is still right: log_in then says why there is no way in."""
        return True


def role_of(user):
    """The one role of a user, or None. Who left, has no staff record or is nobody (None) has none."""
    staff = getattr(user, "staff", None)
    if staff is None or not staff.is_active:
        return None
    names = {group.name for group in user.groups.all()}
    return next((role for role in access.ROLES if role in names), None)


def actor_for(request, now):
    """The Actor of a request; without role for nobody."""
    user = request.user
    if not user.is_authenticated:
        return access.Actor(user=None, role=None, now=now)
    chosen = request.session.get(access.BRANCH_KEY)
    is_owing = is_asked_for_second_factor(user, role_of(user)) and not user.is_verified()
    return actor_of(user, now, chosen=chosen, needs_second_factor=is_owing, address=request.META.get("REMOTE_ADDR"))


def actor_of(user, now, *, chosen=None, needs_second_factor=False, address=None):
    """The Actor of somebody who has a role; `chosen` is the id of the branch an owner has switched to."""
    role, staff = role_of(user), user.staff
    branch = staff.branch
    if role == access.OWNER and chosen and chosen != branch.pk:
        branch = Branch.objects.open().filter(pk=chosen).first() or branch
    return access.Actor(
        user=user,
        role=role,
        now=now,
        staff=staff,
        branch=branch,
        has_finance=staff.has_finance or role == access.OWNER,
        needs_second_factor=needs_second_factor,
        address=address,
    )


def is_asked_for_second_factor(user, role):
    """True for managers and owners outside the demo."""
    return role in access.NEED_SECOND_FACTOR and not user.is_demo


def log_in_source(username, ip, user_agent, path, request):
    """What axes writes into the log of a failed log-in: no user name, since people type their password there by mistake."""
    return f"{ip}"
