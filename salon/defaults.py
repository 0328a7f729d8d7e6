"""What every database has from the first migrate on: the role groups, the shop's row, numbers for new rows, the guards."""

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS

from salon import access, guards
from salon.database import sequences


def prepare(sender, using, **kwargs):
    """post_migrate: bring groups, shop row and guard triggers in line with the code, once, after the last app."""
    last = [config for config in apps.get_app_configs() if config.models_module][-1]
    if sender.name == last.name:
        _make_groups(using)
        _make_shop(using)
        if using == DEFAULT_DB_ALIAS:
            sequences.catch_up()  # the shop's row has a number of its own, and so had the demo's rows in earlier versions
        guards.install(using)


def _make_groups(using):
    from django.contrib.auth.models import Group

    known = set(Group.objects.using(using).values_list("name", flat=True))
    Group.objects.using(using).bulk_create([Group(name=role) for role in access.ROLES if role not in known])


def _make_shop(using):
    from salon.shop.models import Shop

    Shop.objects.using(using).get_or_create(pk=1)
