"""Writing log-ins: one-time links, passwords, roles, leaving, unlocking. Who may do it to whom stands in `may_manage`.

Every service that takes an actor takes it first; what a person does to the own log-in takes `user`.
"""

from axes.utils import reset as forget_failures
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from salon import access
from salon.accounts import second_factor
from salon.accounts.models import INVITATION_LIFE, Invitation, User, token_digest
from salon.address import public_url
from salon.errors import Conflict
from salon.shop.models import StaffMember

# Whose log-ins a role looks after, and so which roles it may give: never one above the own.
MANAGES = {
    access.OWNER: frozenset(access.ROLES),
    access.MANAGER: frozenset({access.RECEPTIONIST, access.BEAUTICIAN}),
}


def assignable_roles(actor):
    """The roles an actor may give, in the order of access.ROLES."""
    return [role for role in access.ROLES if role in MANAGES.get(actor.role, ())]


def may_manage(actor, staff):
    """True if the actor looks after this staff member's log-in: the owner everybody's, a manager those of the own desk."""
    if staff.role not in MANAGES.get(actor.role, ()):
        return False
    return actor.is_owner or staff.branch_id == actor.branch.pk


@transaction.atomic
def invite(*, actor, staff):
    """Make a one-time link by which the staff member chooses a password (and a user name, the first time).

    Returns the whole address; only its digest is stored. Links given out before stop working.
    """
    staff = _locked(actor, staff)
    if not staff.is_active:
        raise ValidationError(_("This person does not work here any more."))
    _close_invitations(staff, actor.now)
    token = Invitation.new_token()
    Invitation.objects.create(
        staff=staff, digest=token_digest(token), created_by=actor.user, expires_at=actor.now + INVITATION_LIFE
    )
    return public_url() + reverse("join", args=[token])


@transaction.atomic
def accept_invitation(*, token, password, now, username=""):
    """Use a one-time link: make the log-in, or set a new password for the one there is. Returns the user.

    Of two people with one link, one gets in; the other, and whoever comes late, gets a Conflict. A new password ends all
    sessions of the user and forgets failed attempts; the second factor stays.
    """
    digest = token_digest(token)
    if not Invitation.objects.filter(digest=digest, used_at=None, expires_at__gt=now).update(used_at=now):
        raise Conflict(_("This link was used already, or it is older than a day. Ask for a new one."))
    staff = StaffMember.objects.select_for_update(of=("self",)).get(invitations__digest=digest)
    if not staff.is_active:
        raise Conflict(_("This person does not work here any more."))
    if staff.user is None:
        staff.user = _new_user(username, password)
        staff.save()
    else:
        change_password(user=staff.user, password=password)
        forget_failures(username=staff.user.username)
    _write_group(staff)
    return staff.user


@transaction.atomic
def assign_role(*, actor, staff, role):
    """Give a staff member a role: staff record and group together. It bites on the person's next request."""
    if role not in MANAGES.get(actor.role, ()):
        raise ValidationError(_("You cannot give this role."))
    owners = owners_locked()
    staff = _locked(actor, staff)
    if role != access.OWNER:
        _keep_an_owner(owners, staff)
    staff.role = role
    staff.save()
    _write_group(staff)
    return staff


@transaction.atomic
def deactivate_staff(*, actor, staff, left_on=None):
    """A staff member leaves: the record stays, the log-in and its sessions end at once, open links die."""
    owners = owners_locked()
    staff = _locked(actor, staff)
    _keep_an_owner(owners, staff)
    staff.is_active, staff.left_on = False, left_on or actor.today
    staff.full_clean(exclude=["user", "department"])
    staff.save()
    _close_invitations(staff, actor.now)
    if staff.user:
        User.objects.filter(pk=staff.user.pk).update(is_active=False)
        end_sessions(user=staff.user)
    return staff


@transaction.atomic
def reactivate_staff(*, actor, staff):
    """A staff member comes back: the log-in works again, sessions from before do not."""
    staff = _locked(actor, staff)
    staff.is_active, staff.left_on = True, None
    staff.save()
    if staff.user:
        User.objects.filter(pk=staff.user.pk).update(is_active=True)
        _write_group(staff)
    return staff


@transaction.atomic
def unlock(*, actor, staff):
    """Forget failed log-ins and wrong codes of a staff member."""
    staff = _locked(actor, staff)
    if staff.user is None:
        raise ValidationError(_("This person has no log-in yet."))
    forget_failures(username=staff.user.username)
    second_factor.forget_failures(staff.user)


@transaction.atomic
def reset_second_factor(*, actor, staff):
    """Take away a lost phone's second factor with its recovery codes; the next log-in sets up a new one. Owners only."""
    if not actor.is_owner:
        raise ValidationError(_("Only the owner may reset a second factor."))
    staff = _locked(actor, staff)
    if staff.user is None:
        raise ValidationError(_("This person has no log-in yet."))
    second_factor.remove(staff.user)
    end_sessions(user=staff.user)


@transaction.atomic
def change_password(*, user, password):
    """Set a password that a form has validated. Every session of the user ends, unless the caller renews its own."""
    user.set_password(password)
    user.save(update_fields=["password"])
    end_sessions(user=user)


def end_sessions(*, user):
    """End every session of a user from the next request on."""
    User.objects.filter(pk=user.pk).update(session_generation=F("session_generation") + 1)
    user.refresh_from_db(fields=["session_generation"])


def _locked(actor, staff):
    """The staff record as it is now, locked until the transaction ends, if the actor looks after it."""
    staff = StaffMember.objects.select_for_update(of=("self",)).get(pk=staff.pk)
    if not may_manage(actor, staff):
        raise ValidationError(_("You cannot change the log-in of this person."))
    return staff


def owners_locked():
    """Ids of all who can log in as owner, locked first and in one order: two owners cannot remove each other at once."""
    owners = StaffMember.objects.filter(role=access.OWNER, is_active=True, user__is_active=True)
    return [owner.pk for owner in owners.select_for_update(of=("self",)).order_by("pk")]


def _keep_an_owner(owners, staff):
    if owners == [staff.pk]:
        raise Conflict(_("This is the last owner. Make somebody else an owner first."))


def _close_invitations(staff, now):
    Invitation.objects.filter(staff=staff, used_at=None, expires_at__gt=now).update(expires_at=now)


def _new_user(username, password):
    try:
        with transaction.atomic():
            return User.objects.create_user(username, password)
    except IntegrityError:
        raise ValidationError({"username": _("This user name is taken.")}) from None


def _write_group(staff):
    """The log-in is in the group of the role on the staff record, and in no other."""
    if staff.user:
        staff.user.groups.set([Group.objects.get(name=staff.role)])
