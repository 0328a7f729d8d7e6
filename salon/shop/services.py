"""Writes of the shop that touch more than one row."""

from django.db import transaction

from salon import text
from salon.accounts import services as accounts
from salon.shop.models import StaffMember, Tag


@transaction.atomic
def save_item(*, item, tags, new_tags=(), new_tags_kind=Tag.INGREDIENT):
    """Store an item with its tags; those typed in are made unless they exist. A change is one entry of its history."""
    chosen = {*tags, *(_tag(name, new_tags_kind) for name in new_tags)}
    if item.pk is None:
        item.save()
        item.tags.set(chosen)
        return item
    item.skip_history_when_saving = True
    item.tags.set(chosen)
    del item.skip_history_when_saving
    item.save()
    return item


def _tag(name, kind):
    """The tag of this name, whatever its kind; made with `kind` if there is none."""
    return Tag.objects.get_or_create(name_key=text.fold(name)[:60], defaults={"name": name, "kind": kind})[0]


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
    staff.role, staff.is_active, staff.left_on = stored.role, stored.is_active, stored.left_on
    staff.left_on = left_on if not (is_active or stored.is_active) else stored.left_on
    staff.save()
    if role != stored.role:
        accounts.assign_role(actor=actor, staff=staff, role=role)
    if stored.is_active and not is_active:
        accounts.deactivate_staff(actor=actor, staff=staff, left_on=left_on)
    if is_active and not stored.is_active:
        accounts.reactivate_staff(actor=actor, staff=staff)
    return staff
