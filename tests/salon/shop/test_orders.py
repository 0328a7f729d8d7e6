"""In which order the rows of the shop stand wherever nobody asks for another."""

import pytest

from salon.shop.models import Branch, Brand, Category, Department, Item, StaffMember, Tag
from tests import builders

pytestmark = pytest.mark.django_db


def three(make, *wanted):
    """What `make` makes of three arguments, in the order given; made in another, neither forward nor backward."""
    first, second, third = wanted
    made = {each: make(each) for each in (second, first, third)}
    return [made[each] for each in wanted]


@pytest.mark.parametrize(
    ("model", "make", "wanted"),
    [
        (Branch, lambda code: builders.make_branch(code=code), ("AA", "BB", "CC")),
        (Department, lambda name: Department.objects.create(name=name), ("a", "b", "c")),
        (Brand, lambda name: Brand.objects.create(name=name), ("a", "b", "c")),
        (Category, lambda each: Category.objects.create(position=each[0], name=each[1]), ((1, "z"), (2, "a"), (2, "b"))),
        (
            Tag,
            lambda each: builders.make_tag(each[1], kind=each[0]),
            (("condition", "b"), ("condition", "c"), ("ingredient", "a")),
        ),
        (
            Item,
            lambda each: builders.make_item(kind=each[0], name=each[1]),
            (("product", "安"), ("product", "白"), ("service", "安")),
        ),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_rows_stand_in_order(model, make, wanted):
    assert three(make, *wanted) == list(model.objects.all())


def test_staff_stand_by_their_initials_and_those_with_the_same_by_name(branch):
    wanted = three(lambda name: builders.make_staff(branch=branch, name=name, login=False), "安平", "安萍", "白平")
    assert wanted == list(StaffMember.objects.all())
