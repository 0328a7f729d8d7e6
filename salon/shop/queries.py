"""Reads and counters of the shop that several rooms need."""

from collections import defaultdict
from functools import lru_cache

from django.db import connection

from salon import text
from salon.shop.models import Branch, Item, Sequence, Shop, StaffMember, Tag


def shop():
    """The company's one row (made by post_migrate)."""
    return Shop.objects.get(pk=1)


def next_number(branch, kind):
    """The next number of a branch's sequence ("card", "receipt").

    Call it inside the transaction that uses the number: the row stays locked until then, so no number is given twice and a
    rolled-back transaction leaves no gap.
    """
    number = _count_up(branch, kind)
    if number is None:
        Sequence.objects.bulk_create([Sequence(branch=branch, kind=kind)], ignore_conflicts=True)
        number = _count_up(branch, kind)
    return number


def _count_up(branch, kind):
    """One statement for what the ORM would do in two, on the way of every bill; None if there is no such row yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Sequence._meta.db_table} SET last = last + 1 WHERE branch_id = %s AND kind = %s RETURNING last",  # noqa: S608
            [branch.pk, kind],
        )
        row = cursor.fetchone()
    return row and row[0]


def catalogue_for_entry(branch):
    """What visit entry needs to pick from without asking again, as plain data for `json_script`. Four queries.

    {"items": [{"id", "kind", "name", "category", "brand", "price_fen", "minutes", "initials", "pinyin", "tags": [tag id]}],
    "staff": [{"id", "name", "initials"}], "tags": {tag id: name}}: what is on offer, who works at the branch, and the
    tags those items carry. Category and brand are "" where there is none. Costs are not in it: everybody may see this.
    """
    tags_of = defaultdict(list)
    links = Item.tags.through.objects.filter(item__is_active=True).order_by("item_id", "tag_id")
    for item_id, tag_id in links.values_list("item_id", "tag_id"):
        tags_of[item_id].append(tag_id)
    used = {tag_id for ids in tags_of.values() for tag_id in ids}
    return {
        "items": [_entry_item(row, tags_of[row["id"]]) for row in _items_on_offer()],
        "staff": list(StaffMember.objects.serving(branch).values("id", "name", "initials")),
        "tags": {pk: name for pk, name in Tag.objects.values_list("pk", "name") if pk in used},
    }


def _items_on_offer():
    columns = ("id", "kind", "name", "category__name", "brand__name", "price_fen", "minutes", "initials", "name_key")
    return Item.objects.on_offer().values(*columns)


def _entry_item(row, tag_ids):
    return {
        "id": row["id"],
        "kind": row["kind"],
        "name": row["name"],
        "category": row["category__name"] or "",
        "brand": row["brand__name"] or "",
        "price_fen": row["price_fen"],
        "minutes": row["minutes"],
        "initials": row["initials"],
        "pinyin": _pinyin(row["name_key"]),
        "tags": tag_ids,
    }


@lru_cache(maxsize=4096)
def _pinyin(name_key):
    """The whole reading of a folded name, without spaces: 眼部护理 -> yanbuhuli."""
    return "".join(text.syllables(name_key))


def code_is_in_use(branch):
    """True once a card or receipt carries the branch's code, or a number was given out. Three queries at most."""
    return branch.sequences.exists() or branch.customers.exists() or branch.bills.exists()


def branch_of_code(code):
    """The branch with this code, however it is written. Raises Branch.DoesNotExist."""
    return Branch.objects.get(code__iexact=code)


def begun_branches():
    """True if there is a branch beside the one every installation begins with, or that one is in use."""
    return any(branch.code != Branch.FIRST_CODE or code_is_in_use(branch) for branch in Branch.objects.all()[:2])
