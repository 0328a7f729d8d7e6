"""What is done to a live salon's database, by `Salon.call` in a process of its own."""

from django.db import connection

from salon.serving import boot
from tests import builders, live


def shop():
    """One branch (JA) with a person of each role; user names are the role names."""
    branch = builders.make_branch(code="JA", name="静安店")
    names = {"receptionist": "林晓彤", "beautician": "陈美娟", "manager": "顾敏", "owner": "沈老板"}
    for role, name in names.items():
        builders.make_staff(branch=branch, role=role, name=name, username=role)


def sqlite_settings():
    """The PRAGMAs of a connection as the product opens it."""
    with connection.cursor() as cursor:
        return {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in boot.SQLITE_SETTINGS}


def sessions(username, count):
    """That many new sessions of a user; their cookies."""
    return [live.session_of(username) for _ in range(count)]
