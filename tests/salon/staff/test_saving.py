"""Storing a staff record together with what its log-in may do: both or neither."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

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


@pytest.mark.parametrize("change", [{"role": "manager"}, {"is_active": False}])
def test_owners_are_locked_before_any_row_is_written(owner, branch, change):
    """Two owners, each making the other something else at once, deadlocked on PostgreSQL: each held a row of the other's list."""
    other = builders.make_staff(branch=branch, role="owner")
    for name, value in change.items():
        setattr(other, name, value)
    with CaptureQueriesContext(connection) as queries:
        save_staff(actor=builders.actor_of(owner), staff=other)
    sent = [query["sql"] for query in queries if "salon_staffmember" in query["sql"]]
    locked = next(n for n, sql in enumerate(sent) if sql.startswith("SELECT") and "'owner'" in sql)
    assert locked < next(n for n, sql in enumerate(sent) if sql.startswith("UPDATE"))
