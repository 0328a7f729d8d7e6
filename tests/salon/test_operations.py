"""Operation keys: stored once, however often a form arrives; other data under a used key is refused."""

import threading
import uuid

import pytest
import time_machine
from django.db import connections, transaction

from salon import operations
from salon.operations import AlreadyDone, BadKey, KeyConflict, Operation
from tests.builders import make_branch, make_staff
from tests.marks import several_writers

DATA = {"customer": 7, "lines": [["a", 1]], "note": "张三"}


@pytest.fixture
def user(receptionist):
    return receptionist.user


def claim(user, key, data=DATA, action="record", url="/visits/1/"):
    return operations.claim(key=key, user=user, action=action, data=data, url=url)


def test_a_key_survives_the_form_and_names_one_operation(user):
    text = operations.new_key(user, "record")
    key = operations.read_key(text, user, "record")
    assert isinstance(key, uuid.UUID)
    assert operations.read_key(text, user, "record") == key
    assert operations.read_key(operations.new_key(user, "record"), user, "record") != key


def test_a_key_is_the_persons_and_the_actions_own(user, manager):
    text = operations.new_key(user, "record")
    with pytest.raises(BadKey):
        operations.read_key(text, manager.user, "record")
    with pytest.raises(BadKey):
        operations.read_key(text, user, "void")


@pytest.mark.parametrize(
    "change", [str.upper, lambda t: t[:-1], lambda t: "", lambda t: None, lambda t: t[1:], lambda t: t + "x"]
)
def test_a_forged_key_is_refused(user, change):
    with pytest.raises(BadKey):
        operations.read_key(change(operations.new_key(user, "record")), user, "record")


@pytest.mark.parametrize("forged", ["", "x", "60775186-cc89-420f-a8bc-96bd12f08ab2", "a:b:c", "\0", "ü:1:x"])
def test_an_invented_key_is_refused(user, forged):
    with pytest.raises(BadKey):
        operations.read_key(forged, user, "record")


def test_a_key_of_another_installation_is_refused(user, settings):
    text = operations.new_key(user, "record")
    settings.SECRET_KEY = "y" * 50
    with pytest.raises(BadKey):
        operations.read_key(text, user, "record")


def test_a_key_lives_a_week(user):
    with time_machine.travel("2026-11-21 10:00:00Z", tick=False) as clock:
        text = operations.new_key(user, "record")
        clock.shift(7 * 24 * 3600)
        assert operations.read_key(text, user, "record")
        clock.shift(1)
        with pytest.raises(BadKey):
            operations.read_key(text, user, "record")


def test_the_first_is_stored_and_a_replay_finds_it(user):
    key = uuid.uuid4()
    assert claim(user, key).url == "/visits/1/"
    with pytest.raises(AlreadyDone) as done:
        claim(user, key)
    assert done.value.url == "/visits/1/"
    assert Operation.objects.count() == 1


def test_the_result_may_be_named_later(user):
    key = uuid.uuid4()
    operation = claim(user, key, url="")
    operation.url = "/visits/9/"
    operation.save()
    with pytest.raises(AlreadyDone) as done:
        claim(user, key)
    assert done.value.url == "/visits/9/"


def test_the_order_of_fields_is_no_other_data(user):
    key = uuid.uuid4()
    claim(user, key, data={"a": 1, "b": 2})
    with pytest.raises(AlreadyDone):
        claim(user, key, data={"b": 2, "a": 1})


@pytest.mark.parametrize("other", [{"data": DATA | {"note": "李四"}}, {"action": "void"}, {"data": {}}])
def test_other_data_under_a_used_key_is_a_conflict(user, other):
    key = uuid.uuid4()
    claim(user, key)
    with pytest.raises(KeyConflict):
        claim(user, key, **other)


def test_another_persons_operation_is_a_conflict(user, manager):
    key = uuid.uuid4()
    claim(user, key)
    with pytest.raises(KeyConflict):
        claim(manager.user, key)


def test_what_was_rolled_back_used_no_key(user):
    key = uuid.uuid4()
    with transaction.atomic():
        claim(user, key)
        transaction.set_rollback(True)
    assert claim(user, key).pk == key


def test_a_conflict_leaves_the_callers_transaction_usable(user):
    """On PostgreSQL an error inside a transaction ends it, unless a savepoint caught it."""
    key = uuid.uuid4()
    claim(user, key)
    with transaction.atomic():
        with pytest.raises(AlreadyDone):
            claim(user, key)
        assert Operation.objects.count() == 1


@several_writers
@pytest.mark.django_db(transaction=True)
def test_of_ten_at_once_one_is_stored():
    user = make_staff(branch=make_branch(), role="receptionist").user
    key, barrier, outcomes = uuid.uuid4(), threading.Barrier(10), []

    def send():
        barrier.wait()
        try:
            with transaction.atomic():
                claim(user, key)
                outcomes.append("stored")
        except AlreadyDone as done:
            outcomes.append(done.url)
        connections.close_all()

    threads = [threading.Thread(target=send) for _n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["/visits/1/"] * 9 + ["stored"]
    assert Operation.objects.count() == 1
