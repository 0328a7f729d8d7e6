"""Writes of the shop that touch more than one row."""

from django.db import transaction

from salon import text
from salon.shop.models import Tag


@transaction.atomic
def save_item(*, item, tags, new_tags=(), new_tags_kind=Tag.INGREDIENT):
    """Store an item with its tags; those typed in are made unless they exist. A change is one entry of its history."""
    chosen = {*tags, *(_tag(name, new_tags_kind) for name in new_tags)}
    if item.pk is None:
        item.save()
        item.tags.set(chosen)
        return item
    item.skip_history_when_saving = True
    item.tags.set(chosen)
    del item.skip_history_when_saving
    item.save()
    return item


def _tag(name, kind):
    """The tag of this name, whatever its kind; made with `kind` if there is none."""
    return Tag.objects.get_or_create(name_key=text.fold(name)[:60], defaults={"name": name, "kind": kind})[0]
