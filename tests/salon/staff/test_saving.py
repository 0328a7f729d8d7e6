"""Storing a staff record together with what its log-in may do: both or neither."""

from datetime import date

import pytest

from salon.accounts import services as accounts
from salon.errors import Conflict
from salon.shop.models import StaffMember
from salon.staff.services import save_staff
from tests import builders


def test_a_name_is_not_stored_without_the_role_that_came_with_it(owner, receptionist, monkeypatch):
    def refuse(**_given):
        raise Conflict("not now")

    monkeypatch.setattr(accounts, "assign_role", refuse)
    receptionist.name, receptionist.role = "林小彤", "manager"
    with pytest.raises(Conflict):
        save_staff(actor=builders.actor_of(owner), staff=receptionist)
    assert StaffMember.objects.get(pk=receptionist.pk).name == "林晓彤"


@pytest.mark.parametrize("left_on", [None, date(2026, 11, 20)])
def test_a_new_name_is_one_entry_of_the_history_and_leaves_the_log_in_alone(owner, receptionist, left_on):
    StaffMember.objects.filter(pk=receptionist.pk).update(is_active=left_on is None, left_on=left_on)
    staff = StaffMember.objects.get(pk=receptionist.pk)
    before, generation = staff.history.count(), staff.user.session_generation
    staff.name = "林小彤"
    save_staff(actor=builders.actor_of(owner), staff=staff)
    assert staff.history.count() == before + 1
    staff.user.refresh_from_db()
    assert staff.user.session_generation == generation
