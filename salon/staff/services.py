"""Writing staff records, together with the log-ins they decide about."""

from django.db import transaction

from salon.accounts import services as accounts
from salon.shop.models import StaffMember


@transaction.atomic
def save_staff(*, actor, staff):
    """Store a staff record as a form filled it.

    Role, leaving and coming back concern the log-in too, so they go through its services: salon/accounts/services.py.
    """
    if staff.pk is None:
        staff.save()
        return staff
    stored = StaffMember.objects.get(pk=staff.pk)
    role, is_active, left_on = staff.role, staff.is_active, staff.left_on
    if (role, is_active) != (stored.role, stored.is_active):
        accounts.owners_locked()  # before any row of theirs: two owners who change each other wait, and do not deadlock
    staff.role, staff.is_active, staff.left_on = stored.role, stored.is_active, stored.left_on
    staff.left_on = stored.left_on if stored.is_active else left_on
    staff.save()
    if role != stored.role:
        accounts.assign_role(actor=actor, staff=staff, role=role)
    if stored.is_active and not is_active:
        accounts.deactivate_staff(actor=actor, staff=staff, left_on=left_on)
    if is_active and not stored.is_active:
        accounts.reactivate_staff(actor=actor, staff=staff)
    return staff
