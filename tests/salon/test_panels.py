"""The registry by which higher floors show things on lower pages: one call for all objects, in order, within a budget."""

import pytest

from salon import panels
from salon.shop.models import Branch
from tests.builders import actor_of, make_branch


@pytest.fixture(autouse=True)
def _own_slots(monkeypatch):
    """Slots and declarations of these tests leave nothing behind."""
    monkeypatch.setattr(panels, "_panels", type(panels._panels)(list))
    monkeypatch.setattr(panels, "_customer_rows", {})


class Thing:
    def __init__(self, pk):
        self.pk = pk


def show(value):
    return lambda actor, objects: {each.pk: f"{value} {each.pk}" for each in objects}


def test_panels_show_in_order_then_by_name():
    panels.register("slot", "late", show("late"), order=20)
    panels.register("slot", "b", show("b"), order=10)
    panels.register("slot", "a", show("a"), order=10)
    assert [panel.name for panel in panels.registered("slot")] == ["a", "b", "late"]
    assert panels.collect("slot", None, [Thing(1)]) == {1: ["a 1", "b 1", "late 1"]}


def test_one_call_serves_all_objects():
    calls = []

    def counting(actor, objects):
        calls.append([each.pk for each in objects])
        return {}

    panels.register("slot", "counting", counting)
    assert panels.collect("slot", None, (Thing(n) for n in range(50))) == {n: [] for n in range(50)}
    assert calls == [list(range(50))]


def test_nothing_to_show_calls_nobody():
    def unwanted(actor, objects):
        raise AssertionError("called for nothing")

    panels.register("slot", "unwanted", unwanted)
    assert panels.collect("slot", None, []) == {}
    assert panels.collect("no such slot", None, [Thing(1)]) == {1: []}


def test_a_panel_may_say_nothing_one_thing_or_several():
    panels.register("slot", "some", lambda actor, objects: {1: ["x", "y"], 2: "z"})
    assert panels.collect("slot", None, [Thing(1), Thing(2), Thing(3)]) == {1: ["x", "y"], 2: ["z"], 3: []}


def test_a_name_is_taken_once_in_a_slot():
    panels.register("slot", "a", show("a"))
    panels.register("other slot", "a", show("a"))
    with pytest.raises(ValueError, match="has a panel a already"):
        panels.register("slot", "a", show("again"))


def test_the_actor_is_handed_on(manager):
    actor = actor_of(manager)
    panels.register("slot", "who", lambda actor, objects: {each.pk: actor.role for each in objects})
    assert panels.collect("slot", actor, [Thing(1)]) == {1: ["manager"]}


def test_queries_stay_within_the_budget_however_many_objects(db, django_assert_num_queries):
    def names(actor, objects):
        return dict(Branch.objects.filter(pk__in=[each.pk for each in objects]).values_list("pk", "name"))

    panels.register("slot", "names", names, budget=1)
    branches = [make_branch() for _n in range(30)]
    for some in (branches[:1], branches):
        with django_assert_num_queries(sum(panel.budget for panel in panels.registered("slot"))):
            shown = panels.collect("slot", None, some)
        assert shown == {branch.pk: [branch.name] for branch in some}


def test_a_model_is_declared_once():
    panels.follow_customer(Branch, "customer", on_merge=panels.MOVE, on_erase=panels.BLANK, personal=["name"])
    declared = panels.customer_rows()["salon.Branch"]
    assert (declared.through, declared.on_merge, declared.on_erase, declared.personal) == ("customer", "move", "blank", ("name",))
    with pytest.raises(ValueError, match="declared twice"):
        panels.follow_customer(Branch, "customer", on_merge=panels.MOVE, on_erase=panels.KEEP)


def test_what_is_handed_out_is_a_copy():
    panels.register("slot", "a", show("a"))
    panels.registered("slot").clear()
    panels.customer_rows()["x"] = 1
    assert panels.registered("slot")
    assert panels.customer_rows() == {}
    assert [panel.name for panel in panels.registered()] == ["a"]
