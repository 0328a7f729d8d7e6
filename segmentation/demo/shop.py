"""The demo salon itself: branches, people who work there, catalogue, log-ins."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from salon import access
from salon.accounts.models import User
from salon.shop.models import Branch, Department, Item, Shop, StaffMember
from segmentation.demo import catalogue, offers
from segmentation.demo.rows import create

OLDER_YEARS = 4  # the salon has been open that long when the history begins

NAME = "和颜美容"
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 - the alphabet, without what looks alike

# code: name, phone, address, and of a hundred customers how many are hers
BRANCHES = {
    "JA": ("静安店", "021-62550318", "上海市静安区康定路 826 号", 45),
    "XH": ("徐汇店", "021-64380275", "上海市徐汇区天平路 118 号", 32),
    "PD": ("浦东店", "021-58330461", "上海市浦东新区潍坊路 309 号", 23),
}
SECOND_BRANCH_FROM, THIRD_BRANCH_FROM = 2_000, 10_000  # customers

OWNER, MANAGER, RECEPTIONIST, BEAUTICIAN = access.OWNER, access.MANAGER, access.RECEPTIONIST, access.BEAUTICIAN
# branch: (name, role, department, years since employed, years since left)
PEOPLE = {
    "JA": (
        ("沈岚", OWNER, None, 9, None),
        ("顾敏", MANAGER, None, 7, None),
        ("林晓彤", RECEPTIONIST, None, 4, None),
        ("陈美娟", BEAUTICIAN, catalogue.FACE, 7, None),
        ("王琳", BEAUTICIAN, catalogue.FACE, 5, None),
        ("刘晨", BEAUTICIAN, catalogue.BODY, 6, None),
        ("孙悦", BEAUTICIAN, catalogue.BODY, 0.6, None),
        ("周倩", BEAUTICIAN, catalogue.NAILS, 5, None),
        ("何芳", BEAUTICIAN, catalogue.FACE, 6, 0.4),
    ),
    "XH": (
        ("陆静仪", MANAGER, None, 6, None),
        ("蒋雯", RECEPTIONIST, None, 3, None),
        ("吴佳", BEAUTICIAN, catalogue.FACE, 6, None),
        ("徐丽娜", BEAUTICIAN, catalogue.FACE, 5, None),
        ("郑洁", BEAUTICIAN, catalogue.BODY, 6, None),
        ("单晓燕", BEAUTICIAN, catalogue.NAILS, 5, None),
    ),
    "PD": (
        ("钱慧", MANAGER, None, 6, None),
        ("方婷", RECEPTIONIST, None, 5, None),
        ("蔡琳", BEAUTICIAN, catalogue.FACE, 6, None),
        ("姜薇", BEAUTICIAN, catalogue.BODY, 6, None),
        ("欧阳冰", BEAUTICIAN, catalogue.NAILS, 5, None),
    ),
}
# role: user name, whose log-in it is
LOGINS = {
    RECEPTIONIST: ("reception", "林晓彤"),
    BEAUTICIAN: ("beauty", "陈美娟"),
    MANAGER: ("manager", "顾敏"),
    OWNER: ("owner", "沈岚"),
}


NEVER = 10**7  # the ordinal of a day that does not come


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who serves: `since` and `until` are ordinals of days, `user` the log-in, if there is one."""

    id: int
    department: str
    since: int
    until: int
    user: int | None


@dataclass
class Place:
    """A branch with the people in it. Users are None where the branch has no log-ins."""

    id: int
    code: str
    weight: int
    workers: list = field(default_factory=list)
    desk_user: int | None = None
    manager_user: int | None = None

    def working(self, ordinal, department=None):
        """Who serves on a day, of one department or of all."""
        return [
            worker
            for worker in self.workers
            if worker.since <= ordinal < worker.until and department in (None, worker.department)
        ]

    def successor(self, worker, ordinal, key):
        """Who serves a worker's customer on a day: that worker, or after a leave-taking one of the colleagues."""
        if worker.since <= ordinal < worker.until:
            return worker
        colleagues = self.working(ordinal, worker.department) or self.working(ordinal)
        return colleagues[key % len(colleagues)]

    def like(self, worker):
        """Somebody here who does what a worker of another branch does."""
        return next((each for each in self.workers if each.department == worker.department), self.workers[0])


@dataclass
class Salon:
    """All that history needs to know of the shop."""

    places: list
    services: list
    products: list
    consultation: offers.Offer
    tags: dict  # name: id
    passwords: dict  # role: (user name, password)


def branch_codes(customers):
    """The branches a salon with that many customers has."""
    count = 1 + (customers >= SECOND_BRANCH_FROM) + (customers >= THIRD_BRANCH_FROM)
    return list(BRANCHES)[:count]


def open_shop(*, customers, years, as_of):
    """Create branches, staff, log-ins and catalogue of a salon of that size; returns the Salon."""
    opened = as_of - timedelta(days=365 * (years + OLDER_YEARS))
    Shop.objects.filter(pk=1, name="").update(name=NAME)
    departments = {name: create(Department, name=name) for name in catalogue.DEPARTMENTS}
    logins = _make_logins()
    places = [_open_branch(code, departments, logins, years, as_of) for code in branch_codes(customers)]
    items, tags = offers.fill_catalogue(opened)
    return Salon(
        places=places,
        services=[each for each in items if each.kind == Item.SERVICE and each.wanted],
        products=[each for each in items if each.kind == Item.PRODUCT],
        consultation=next(each for each in items if each.name == catalogue.CONSULTATION),
        tags=tags,
        passwords={role: (user.username, password) for role, (user, password) in logins.items()},
    )


def _make_logins():
    """{role: (User, password)}: one demo log-in per role, each with a password of this installation's own."""
    logins = {}
    for role, (username, _name) in LOGINS.items():
        password = "-".join("".join(secrets.choice(PASSWORD_LETTERS) for _ in range(4)) for _ in range(4))
        user = create(User, username=username, is_demo=True, password=make_password(password))
        user.groups.add(Group.objects.get(name=role))
        logins[role] = (user, password)
    return logins


def _open_branch(code, departments, logins, years, as_of):
    name, phone, address, weight = BRANCHES[code]
    opened = as_of - timedelta(days=365 * (years + OLDER_YEARS))
    branch = create(Branch, on=opened, code=code, name=name, phone=phone, address=address)
    place = Place(id=branch.pk, code=code, weight=weight)
    by_name = {name: logins[role][0] for role, (_username, name) in LOGINS.items()}
    for person in PEOPLE[code]:
        member = _employ(person, branch, departments, by_name.get(person[0]), years, as_of)
        _take_place(place, member)
    return place


def _employ(person, branch, departments, user, years, as_of):
    name, role, department, since, left = person
    if since >= OLDER_YEARS:  # the old hands were there before the history begins, however long that is
        since += max(0, years - OLDER_YEARS + 1)
    return create(
        StaffMember,
        on=as_of - timedelta(days=int(since * 365)),
        name=name,
        role=role,
        user=user,
        has_finance=role == OWNER,
        branch=branch,
        department=departments.get(department),
        employed_on=as_of - timedelta(days=int(since * 365)),
        left_on=None if left is None else as_of - timedelta(days=int(left * 365)),
        is_active=left is None,
    )


def _take_place(place, member):
    """Let somebody take a place in the branch: at the desk, as its manager, or serving."""
    if member.role == RECEPTIONIST:
        place.desk_user = member.user_id
    elif member.role == MANAGER:
        place.manager_user = member.user_id
    elif member.role == BEAUTICIAN:
        until = member.left_on.toordinal() if member.left_on else NEVER
        department = member.department.name
        place.workers.append(Worker(member.pk, department, member.employed_on.toordinal(), until, member.user_id))
