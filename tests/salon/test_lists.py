"""Lists: what a filter does not understand shows nothing, never everything; pages and counts are what they say."""

import django_filters
import pytest

from salon import lists
from salon.lists import EXACT_COUNT, Sort, listing
from salon.shop.models import Item
from tests import builders

SORTS = {"name": Sort("Name", ("name", "pk")), "price": Sort("Price", ("-price_fen", "-pk"))}


class ItemFilter(django_filters.FilterSet):
    price = django_filters.RangeFilter(field_name="price_fen")
    kind = django_filters.ChoiceFilter(choices=Item.KINDS, label="What it is")
    kinds = django_filters.MultipleChoiceFilter(field_name="kind", choices=Item.KINDS)
    name = django_filters.CharFilter(lookup_expr="contains")
    day_from = django_filters.DateFilter(method="any_day", label="From")
    day_to = django_filters.DateFilter(method="any_day", label="To")

    class Meta:
        model = Item
        fields = []

    def any_day(self, queryset, _name, _day):
        return queryset


@pytest.fixture
def items(db):
    for n in range(60):
        Item.objects.create(kind="service" if n % 2 else "product", name=f"item {n:02d}", price_fen=n // 2 * 100)


@pytest.fixture
def look(rf):
    def look(query="", **kwargs):
        request = rf.get(f"/?{query}") if not isinstance(query, dict) else rf.get("/", query)
        return listing(request, ItemFilter, Item.objects.all(), sorts=SORTS, default="name", **kwargs)

    return look


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("colour=red", "Unknown filter: colour"),
        ("kind=service&kin=product", "Unknown filter: kin"),
        ("password=x", "Unknown filter: password"),
        ("price=5", "Unknown filter: price"),
        ("price_0=5", "Unknown filter: price_0"),
        ("price_gte=5", "Unknown filter: price_gte"),
        ("kind=service&kind=product", "Given twice: kind"),
        ("kind=nonsense", "What it is: "),
        ("price_min=abc", "price"),
        ("price_max=1e", "price"),
        ("sort=password", "Unknown order: password"),
        ("sort=-name", "Unknown order: -name"),
        ("sort=name;drop", "Unknown order"),
        ("page=0", "Unknown page"),
        ("page=-1", "Unknown page"),
        ("page=1.5", "Unknown page"),
        ("page=x", "Unknown page"),
        ("page=", "Unknown page"),
        ("page=999999999", "Unknown page"),
        ("page=١", "Unknown page"),
        ("page=²", "Unknown page"),
        ("kind=service&page=x", "Unknown page"),
    ],
)
def test_what_is_not_understood_is_refused_with_a_reason_and_shows_nothing(items, look, query, message):
    found = look(query)
    assert any(message.lower() in str(error).lower() for error in found.errors), found.errors
    assert found.rows == []
    assert found.total == 0
    assert found.queryset is None, "not even an export can use it"


def test_a_hostile_name_is_not_repeated_at_length(look, items):
    assert all(len(error) < 80 for error in look({"x" * 5000: "1", "sort": "y" * 5000}).errors)


def test_a_list_shows_one_page_in_order(items, look):
    found = look()
    assert [item.name for item in found.rows] == [f"item {n:02d}" for n in range(25)]
    assert (found.total, found.pages, found.first, found.last) == (60, 3, 1, 25)
    assert (found.has_previous, found.has_next, found.is_filtered, found.is_many) == (False, True, False, False)
    last = look("page=3")
    assert (last.first, last.last, last.has_previous, last.has_next) == (51, 60, True, False)


def test_a_page_beyond_the_last_shows_the_last(items, look):
    assert [item.name for item in look("page=99").rows] == [item.name for item in look("page=3").rows]
    assert look("page=99&name=nothing").rows == []


def test_all_pages_together_are_the_list_without_gap_or_double(items, look):
    """Prices come in pairs: only an order that ends in the primary key keeps pages apart."""
    seen = [item.pk for page in (1, 2, 3) for item in look(f"sort=price&page={page}").rows]
    assert seen == [item.pk for item in Item.objects.order_by("-price_fen", "-pk")]


def test_filters_count_what_they_show(items, look):
    found = look("kind=product&price_min=1000&sort=price")
    assert found.total == len(found.rows) == 20
    assert found.is_filtered
    assert all(item.kind == "product" and item.price_fen >= 1000 for item in found.rows)
    assert sorted(found.conditions) == [("Price", "1000"), ("What it is", "Product")]
    assert look("kind=&price_min=").is_filtered is False


def test_the_empty_list_has_one_page(db, look):
    found = look()
    assert (found.rows, found.total, found.pages, found.has_next) == ([], 0, 1, False)


def test_counting_stops_at_the_limit(items, look, monkeypatch):
    monkeypatch.setattr(lists, "EXACT_COUNT", 50)
    found = look()
    assert found.is_many
    assert found.total == 51
    assert found.pages == 2, "pages beyond the limit are reached by filtering"
    assert EXACT_COUNT == 10_000


def test_a_list_takes_two_queries_however_long(items, look, django_assert_num_queries):
    with django_assert_num_queries(2):
        found = look("kind=product")
        assert found.total
        assert found.rows
        assert found.total
        assert found.rows


def test_a_refused_list_asks_the_database_nothing(items, look, django_assert_num_queries):
    with django_assert_num_queries(0):
        found = look("colour=red")
        assert (found.rows, found.total) == ([], 0)


def test_as_many_as_the_limit_are_neither_many_nor_long(items, look, monkeypatch):
    monkeypatch.setattr(lists, "EXACT_COUNT", 60)
    monkeypatch.setattr(lists, "LONG", 60)
    found = look()
    assert (found.is_many, found.is_long) == (False, False)
    monkeypatch.setattr(lists, "LONG", 59)
    assert found.is_long


def test_rows_that_are_only_counted_are_not_sorted(items, look, django_assert_num_queries):
    with django_assert_num_queries(1) as asked:
        assert look("sort=price").total == 60
    assert "ORDER BY" not in asked[0]["sql"]


@pytest.mark.parametrize(
    ("days", "problems"),
    [
        ("day_from=2026-11-02&day_to=2026-11-02", 0),
        ("day_from=2026-11-01&day_to=2026-11-02", 0),
        ("day_from=2026-11-02&day_to=2026-11-01", 1),
        ("day_from=2026-11-02", 0),
        ("day_to=2026-11-02", 0),
    ],
)
def test_days_may_be_one_and_the_same_but_not_the_wrong_way_round(items, look, days, problems):
    assert len(look(days).errors) == problems


def test_an_order_by_what_somebody_does_not_see_is_not_offered(rf, receptionist, beautician):
    sorts = SORTS | {"spent": Sort("Spent", ("price_fen", "pk"), needs="amount")}
    for staff, offered in ((receptionist, ["name", "price", "spent"]), (beautician, ["name", "price"])):
        request = rf.get("/?sort=spent")
        request.actor = builders.actor_of(staff)
        found = listing(request, ItemFilter, Item.objects.all(), sorts=sorts, default="name")
        assert (list(found.sorts), bool(found.errors)) == (offered, "spent" not in offered)


def test_what_may_be_chosen_several_times_is_not_given_twice(items, look):
    found = look("kinds=service&kinds=product")
    assert (found.errors, found.total) == ([], 60)
    assert look("colour=red&colour=blue").errors == ["Unknown filter: colour"]
