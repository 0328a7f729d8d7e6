"""Items, categories and staff a file names: found by name, or made and marked imported."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from salon import access, text
from salon.shop.models import Category, Item, StaffMember

KEPT = 50_000


@dataclass(frozen=True)
class KnownItem:
    """What a line takes from its item."""

    id: int
    kind: str
    name: str
    cost_fen: int
    minutes: int


class Catalogue:
    """Finds and makes; remembers what it found. `made_items`, `made_staff` count what it made."""

    def __init__(self, branch, user):
        self._branch, self._user = branch, user
        self._items, self._staff, self._categories = {}, {}, None
        self.made_items = self.made_staff = 0

    def forget(self):
        """After a transaction that was undone, or when much is remembered."""
        self._items, self._staff, self._categories = {}, {}, None

    # --- items

    def item(self, entry, unit_fen):
        """The KnownItem an entry of a file means. Of the same name, a service goes before a product if no kind is given."""
        key = (entry.kind, entry.item)
        found = self._items.get(key)
        if found is None:
            if len(self._items) > KEPT:
                self.forget()
            item = self._find_item(entry.item, entry.kind) or self._make_item(entry, unit_fen)
            found = self._items[key] = KnownItem(item.pk, item.kind, item.name, item.cost_fen, item.minutes)
        return found

    def _find_item(self, name, kind):
        items = Item.objects.filter(name_key=_key(_named(name, kind)), kind__in=[kind] if kind else [Item.SERVICE, Item.PRODUCT])
        return items.order_by("-kind").first()  # service before product

    def _make_item(self, entry, unit_fen):
        name = _named(entry.item, entry.kind)
        made, is_new = Item.objects.get_or_create(
            kind=entry.kind or Item.SERVICE,
            name_key=_key(name),
            defaults={"name": name, "category": self._category(entry.category), "price_fen": unit_fen, "is_imported": True},
        )
        self.made_items += is_new
        return made

    def _category(self, name):
        if not name:
            return None
        if self._categories is None:
            self._categories = {text.fold(each.name): each for each in Category.objects.all()}
        key = text.fold(name)
        if key not in self._categories:
            self._categories[key] = Category.objects.get_or_create(name=name)[0]
        return self._categories[key]

    def count_new_items(self, pairs):
        """How many of these (name, kind) pairs would make an item."""
        new = {(kind or Item.SERVICE, _key(_named(name, kind))) for name, kind in pairs if not self._find_item(name, kind)}
        return len(new)

    # --- staff

    def staff(self, name):
        """The id of the staff member of this name at the branch; who works there goes before who left."""
        key = text.fold(name)[:80]
        if key not in self._staff:
            found = self._find_staff(key)
            if found is None:
                found = StaffMember.objects.create(name=name, role=access.BEAUTICIAN, branch=self._branch, is_imported=True)
                self.made_staff += 1
            self._staff[key] = found.pk
        return self._staff[key]

    def _find_staff(self, key):
        return StaffMember.objects.filter(branch=self._branch, name_key=key).order_by("-is_active", "pk").first()

    def count_new_staff(self, names):
        """How many of these names would make a staff member."""
        return len({key for key in (text.fold(name)[:80] for name in names) if self._find_staff(key) is None})


def _key(name):
    return text.fold(name)[:120]


def _named(name, kind):
    """The name of an item, or what stands for one the file does not name."""
    return name or (_("Unnamed product") if kind == Item.PRODUCT else _("Unnamed service"))
