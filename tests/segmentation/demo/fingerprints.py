"""What a demo salon is, in one number: the same on every database and machine."""

import hashlib

from archives import models as archives
from customers import models as customers
from salon import models as ground
from salon.accounts.models import User
from salon.text import KeyField

SECRET_OR_CLOCK = {(User, "password"), (User, "created_at")}


def fingerprint():
    """SHA-256 of every row of the shop, its customers and their visits, without passwords and search keys."""
    digest = hashlib.sha256()
    for module in (ground, customers, archives):
        for name in sorted(module.__all__):
            model = getattr(module, name)
            fields = [
                field.attname
                for field in model._meta.concrete_fields
                if not isinstance(field, KeyField) and (model, field.attname) not in SECRET_OR_CLOCK
            ]
            for row in model.objects.order_by("pk").values_list(*fields):
                digest.update(repr((name, *map(str, row))).encode())
    return digest.hexdigest()
