"""What a live salon's database is given, called by `Salon.call` in a process of its own."""

from tests import builders


def shop():
    """One branch (JA) with a person of each role; user names are the role names."""
    branch = builders.make_branch(code="JA", name="静安店")
    names = {"receptionist": "林晓彤", "beautician": "陈美娟", "manager": "顾敏", "owner": "沈老板"}
    for role, name in names.items():
        builders.make_staff(branch=branch, role=role, name=name, username=role)
    return {"branch": branch.pk}
