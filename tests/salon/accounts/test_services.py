"""Who may change whose log-in: nobody gives what is above the own role, and there is always an owner."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import connections, transaction
from django.utils import timezone

from salon import access
from salon.accounts import second_factor, services
from salon.accounts.models import Invitation, User
from salon.errors import Conflict
from salon.shop.models import StaffMember
from tests.builders import actor_of, client_of, make_staff
from tests.marks import several_writers

HOUR = timedelta(hours=1)
ACTS = {
    "invite": lambda actor, staff: services.invite(actor=actor, staff=staff),
    "assign_role": lambda actor, staff: services.assign_role(actor=actor, staff=staff, role=access.BEAUTICIAN),
    "deactivate_staff": lambda actor, staff: services.deactivate_staff(actor=actor, staff=staff),
    "reactivate_staff": lambda actor, staff: services.reactivate_staff(actor=actor, staff=staff),
    "unlock": lambda actor, staff: services.unlock(actor=actor, staff=staff),
    "reset_second_factor": lambda actor, staff: services.reset_second_factor(actor=actor, staff=staff),
}
MAY = {
    # actor: roles in the own branch, roles in another branch
    "receptionist": ((), ()),
    "beautician": ((), ()),
    "manager": (("receptionist", "beautician"), ()),
    "owner": (access.ROLES, access.ROLES),
}


def group_names(staff):
    return [group.name for group in Group.objects.filter(user__staff=staff)]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("actor_role", access.ROLES)
def test_who_may_do_what_to_whom(branch, other_branch, owner, act, actor_role):
    actor = actor_of(make_staff(branch=branch, role=actor_role))
    for where, roles_allowed in zip((branch, other_branch), MAY[actor_role]):
        for role in access.ROLES:
            staff = make_staff(branch=where, role=role)
            assert services.may_manage(actor, staff) == (role in roles_allowed)
            if role in roles_allowed and (act != "reset_second_factor" or actor_role == "owner"):
                ACTS[act](actor, staff)
                continue
            before = _state(staff)
            with pytest.raises(ValidationError):
                ACTS[act](actor, staff)
            assert _state(staff) == before, f"{actor_role} changed {role}"


def _state(staff):
    staff.refresh_from_db()
    user = User.objects.filter(pk=staff.user.pk).values_list("password", "is_active", "session_generation").get()
    return staff.role, staff.is_active, user, staff.invitations.count(), group_names(staff)


@pytest.mark.parametrize("role", ["manager", "owner", "emperor", ""])
def test_nobody_gives_a_role_above_the_own(manager, receptionist, role):
    with pytest.raises(ValidationError):
        services.assign_role(actor=actor_of(manager), staff=receptionist, role=role)
    receptionist.refresh_from_db()
    assert receptionist.role == "receptionist"
    assert group_names(receptionist) == ["receptionist"]


def test_the_roles_on_offer(receptionist, manager, owner):
    assert services.assignable_roles(actor_of(receptionist)) == []
    assert services.assignable_roles(actor_of(manager)) == ["receptionist", "beautician"]
    assert services.assignable_roles(actor_of(owner)) == list(access.ROLES)


def test_nobody_promotes_themselves(manager, receptionist):
    for staff in (manager, receptionist):
        with pytest.raises(ValidationError):
            services.assign_role(actor=actor_of(staff), staff=staff, role="owner")


@pytest.mark.parametrize("role", access.ROLES)
def test_role_and_group_are_written_together(owner, receptionist, role):
    receptionist.user.groups.add(Group.objects.get(name="manager"))  # a leftover
    services.assign_role(actor=actor_of(owner), staff=receptionist, role=role)
    receptionist.refresh_from_db()
    assert receptionist.role == role
    assert group_names(receptionist) == [role]
    assert receptionist.history.first().role == role


def test_a_role_can_be_given_before_there_is_a_log_in(owner, branch):
    staff = make_staff(branch=branch, role="beautician", login=False)
    services.assign_role(actor=actor_of(owner), staff=staff, role="manager")
    staff.refresh_from_db()
    assert staff.role == "manager"


@pytest.mark.parametrize("act", ["assign_role", "deactivate_staff"])
def test_the_last_owner_stays(owner, branch, act):
    """Nor do owners count who cannot log in: not yet, or not any more."""
    make_staff(branch=branch, role="owner", login=False)
    StaffMember.objects.filter(pk=make_staff(branch=branch, role="owner").pk).update(is_active=False)
    left = make_staff(branch=branch, role="owner")
    services.deactivate_staff(actor=actor_of(owner), staff=left)
    with pytest.raises(Conflict, match="last owner"):
        ACTS[act](actor_of(owner), owner)
    owner.refresh_from_db()
    assert (owner.role, owner.is_active) == ("owner", True)
    assert client_of(owner).get("/account/").status_code == 200
    make_staff(branch=branch, role="owner")
    ACTS[act](actor_of(owner), owner)


def test_the_last_owner_may_be_confirmed_as_owner(owner):
    services.assign_role(actor=actor_of(owner), staff=owner, role="owner")


def test_leaving_and_coming_back(owner, receptionist):
    services.invite(actor=actor_of(owner), staff=receptionist)
    staff = services.deactivate_staff(actor=actor_of(owner), staff=receptionist)
    assert (staff.is_active, staff.left_on) == (False, actor_of(owner).today)
    assert not User.objects.get(pk=staff.user.pk).is_active
    assert not Invitation.objects.get().is_open(timezone.now())
    with pytest.raises(ValidationError, match="does not work here"):
        services.invite(actor=actor_of(owner), staff=receptionist)
    staff = services.reactivate_staff(actor=actor_of(owner), staff=receptionist)
    assert (staff.is_active, staff.left_on) == (True, None)
    assert client_of(staff).get("/account/").status_code == 200


def test_nobody_leaves_before_the_first_day(owner, receptionist):
    today = actor_of(owner).today
    StaffMember.objects.filter(pk=receptionist.pk).update(employed_on=today)
    with pytest.raises(ValidationError, match="last day cannot be before the first"):
        services.deactivate_staff(actor=actor_of(owner), staff=receptionist, left_on=today.replace(year=today.year - 1))
    receptionist.refresh_from_db()
    assert receptionist.is_active


@pytest.mark.parametrize("act", ["unlock", "reset_second_factor"])
def test_what_needs_a_log_in_says_so(owner, branch, act):
    with pytest.raises(ValidationError, match="no log-in yet"):
        ACTS[act](actor_of(owner), make_staff(branch=branch, login=False))


@several_writers
@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_remove_each_other_at_once(branch):
    for _round in range(5):
        StaffMember.objects.filter(role="owner").update(role="beautician")
        pair = [make_staff(branch=branch, role="owner") for _n in range(2)]
        barrier, outcomes = threading.Barrier(2), []

        def remove(actor, staff, barrier=barrier, outcomes=outcomes):
            barrier.wait()
            try:
                services.deactivate_staff(actor=actor_of(actor), staff=staff)
                outcomes.append("removed")
            except Conflict:
                outcomes.append("kept")
            connections.close_all()

        threads = [threading.Thread(target=remove, args=each) for each in (pair, reversed(pair))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["kept", "removed"]


def test_a_new_password_that_leaves_sessions_open_is_not_stored(receptionist, monkeypatch):
    def fail(**_any):
        raise ValueError

    monkeypatch.setattr(services, "end_sessions", fail)
    with pytest.raises(ValueError):
        services.change_password(user=receptionist.user, password="violet umbrella 42")
    assert not User.objects.get(pk=receptionist.user.pk).check_password("violet umbrella 42")


def test_recovery_codes_that_cannot_be_stored_leave_the_old_ones(owner, monkeypatch):
    def fail(*_any):
        raise ValueError

    second_factor.renew_recovery_codes(user=owner.user, instead_of=None)
    monkeypatch.setattr(second_factor, "_digest", fail)
    with pytest.raises(ValueError):
        second_factor.renew_recovery_codes(user=owner.user, instead_of=second_factor.sheet_of(owner.user))
    assert second_factor.recovery_codes_left(owner.user) == second_factor.RECOVERY_CODES


def test_a_link_is_one_persons_used_once_and_in_time(branch, owner):
    actor = actor_of(owner)
    first, second = (make_staff(branch=branch, login=False) for _n in range(2))
    tokens = [services.invite(actor=actor, staff=each).rstrip("/").rsplit("/", 1)[1] for each in (first, second)]
    accept = {"password": "correct horse battery", "now": actor.now}
    services.accept_invitation(token=tokens[0], username="first", **accept)
    with pytest.raises(Conflict):
        services.accept_invitation(token=tokens[0], username="again", **accept)
    with pytest.raises(Conflict):
        services.accept_invitation(token="nobodys", username="again", **accept)
    late = accept | {"now": actor.now + services.INVITATION_LIFE}
    with pytest.raises(Conflict):
        services.accept_invitation(token=tokens[1], username="second", **late)
    assert services.accept_invitation(token=tokens[1], username="second", **accept).staff == second


def test_a_new_link_closes_the_persons_open_ones_alone(branch, owner):
    actor = actor_of(owner)
    staff, other = (make_staff(branch=branch) for _n in range(2))

    def link(whose, digest, **fields):
        return Invitation.objects.create(staff=whose, digest=digest, expires_at=actor.now + HOUR, **fields)

    others, used, closed = link(other, "a"), link(staff, "b", used_at=actor.now), link(staff, "c")
    past = link(staff, "d")
    Invitation.objects.filter(pk=past.pk).update(expires_at=actor.now - HOUR)
    services.invite(actor=actor, staff=staff)
    ends = dict(Invitation.objects.values_list("digest", "expires_at"))
    assert [ends[each.digest] - actor.now for each in (others, used, closed, past)] == [HOUR, HOUR, 0 * HOUR, -HOUR]


def test_what_is_done_to_one_log_in_changes_no_other(branch, owner):
    actor = actor_of(owner)
    left, other = (make_staff(branch=branch) for _n in range(2))
    for each in (left, other):
        services.deactivate_staff(actor=actor, staff=each)
    services.reactivate_staff(actor=actor, staff=left)
    generation = User.objects.get(pk=other.user.pk).session_generation
    services.end_sessions(user=left.user)
    user = User.objects.get(pk=other.user.pk)
    assert (user.is_active, user.session_generation) == (False, generation)


def test_the_last_owner_is_the_last_whoever_else_there_is(branch, owner):
    actor = actor_of(owner)
    make_staff(branch=branch, role="manager")
    gone = make_staff(branch=branch, role="owner", name="阿一")
    with transaction.atomic():
        assert services.owners_locked() == [owner.pk, gone.pk]  # in one order, or two of them wait for each other
    services.deactivate_staff(actor=actor, staff=gone)
    with pytest.raises(Conflict):
        services.deactivate_staff(actor=actor, staff=owner)
    with pytest.raises(Conflict):
        services.assign_role(actor=actor, staff=owner, role="manager")
