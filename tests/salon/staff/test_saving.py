"""Storing a staff record together with what its log-in may do: both or neither."""

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
