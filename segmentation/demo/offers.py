"""The catalogue as rows of the shop, and each item as history needs it."""

from dataclasses import dataclass

from salon.database.rows import first_free_id
from salon.money import to_fen
from salon.shop.models import Brand, Category, Item, Tag
from segmentation.demo import catalogue
from segmentation.demo.rows import beginning, create

YEARLY_RISE = 4  # per cent by which prices were lower a year earlier
PRICE_YEARS = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """An item as history needs it. `prices[n]` is the price n years ago, in fen."""

    id: int
    name: str
    kind: str
    prices: tuple
    costs: tuple
    minutes: int
    department: str
    care_days: int | None
    lasts_days: int | None
    wanted: int
    tags: frozenset


def fill_catalogue(on):
    """Create tags, categories, brands and items; returns ([Offer, ...], {tag name: tag id}). `on`: the day of their history."""
    tags = {name: create(Tag, name=name, kind=Tag.INGREDIENT) for name in catalogue.INGREDIENTS}
    tags |= {name: create(Tag, name=name, kind=Tag.CONDITION) for name in catalogue.CONDITIONS}
    categories = {name: create(Category, name=name, position=10 * n) for n, name in enumerate(catalogue.CATEGORIES, start=1)}
    brands = {name: create(Brand, name=name) for name in catalogue.BRANDS}
    entries = [*catalogue.SERVICES, *catalogue.PRODUCTS]
    items = [_item(entry, categories, brands) for entry in entries]
    contents = [[tags[name] for name in entry.tags.split()] for entry in entries]
    _store_items(items, contents, on)
    return [_offer(*each) for each in zip(items, entries, contents)], {name: tag.pk for name, tag in tags.items()}


def _item(entry, categories, brands):
    if isinstance(entry, catalogue.Service):
        kind = {"kind": Item.SERVICE, "minutes": entry.minutes, "care_days": entry.care_days}
    else:
        kind = {"kind": Item.PRODUCT, "brand": brands[entry.brand], "lasts_days": entry.lasts_days}
    category = categories[entry.category]
    return Item(name=entry.name, category=category, price_fen=to_fen(entry.price), cost_fen=to_fen(entry.cost), **kind)


def _store_items(items, contents, on):
    """Store all items with their tags, and one entry in the history of each that shows both."""
    for pk, item in enumerate(items, start=first_free_id(Item)):
        item.pk = pk
        item.set_keys()
    Item.objects.bulk_create(items)
    tagged = [(item, tag) for item, tags in zip(items, contents) for tag in tags]
    links = Item.tags.through.objects.bulk_create([Item.tags.through(item=item, tag=tag) for item, tag in tagged])
    entries = Item.history.bulk_history_create(items, default_date=beginning(on))
    of_item = {entry.id: entry for entry in entries}
    kept_tags = Item.history.model.tags.model
    kept_tags.objects.bulk_create(
        [kept_tags(history=of_item[link.item_id], id=link.pk, item=link.item, tag=link.tag) for link in links]
    )


def _offer(item, entry, contents):
    return Offer(
        id=item.pk,
        name=item.name,
        kind=item.kind,
        prices=tuple(_earlier(entry.price, years) * 100 for years in range(PRICE_YEARS)),
        costs=tuple(_earlier(entry.cost, years) * 100 for years in range(PRICE_YEARS)),
        minutes=item.minutes,
        department=catalogue.CATEGORIES[entry.category],
        care_days=item.care_days,
        lasts_days=item.lasts_days,
        wanted=entry.wanted,
        tags=frozenset(tag.pk for tag in contents),
    )


def _earlier(yuan, years):
    """A price or cost some years ago, in whole yuan, prices above 100 in steps of ten as on a price list."""
    then = yuan * (100 - YEARLY_RISE * years) // 100
    return then if years == 0 or then < 100 else then // 10 * 10
