"""Who may do what: the roles, the one table of pages, and the masking policy. Deny by default.

Every URL name of the product stands in PAGES; a name that is missing is refused and fails the tests, which walk this
table. What a person may see of one customer, visit or branch is asked of the queryset: `get(actor, queryset, pk=…)`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from salon import text
from salon.dates import business_date

RECEPTIONIST, BEAUTICIAN, MANAGER, OWNER = "receptionist", "beautician", "manager", "owner"
ROLES = (RECEPTIONIST, BEAUTICIAN, MANAGER, OWNER)
ROLE_NAMES = {
    RECEPTIONIST: _("Receptionist"),
    BEAUTICIAN: _("Beautician"),
    MANAGER: _("Manager"),
    OWNER: _("Owner"),
}
FINANCE = "finance"  # a right that is granted to a person; the owner has it anyway
BRANCH_KEY = "branch"  # session: the branch an owner has switched to
NEED_SECOND_FACTOR = frozenset({MANAGER, OWNER})

ALL = frozenset(ROLES)
DESK = frozenset({RECEPTIONIST, MANAGER, OWNER})
MANAGERS = frozenset({MANAGER, OWNER})
OWNERS = frozenset({OWNER})
NOBODY = frozenset()


@dataclass(frozen=True)
class Page:
    """Which roles may read a page (GET, HEAD) and which may write there (POST). `public`: also without logging in."""

    read: frozenset = NOBODY
    write: frozenset = NOBODY
    public: bool = False
    before_second_factor: bool = False


PUBLIC = Page(read=ALL, write=ALL, public=True)
READ = Page(read=ALL)
DESK_FORM = Page(read=DESK, write=DESK)
MANAGER_FORM = Page(read=MANAGERS, write=MANAGERS)
OWNER_FORM = Page(read=OWNERS, write=OWNERS)
ALL_FORM = Page(read=ALL, write=ALL)

PAGES = {
    # one's own log-in
    "login": PUBLIC,
    "join": PUBLIC,
    "language": Page(write=ALL, public=True),
    "healthz": Page(read=ALL, public=True),
    "logout": Page(write=ALL, before_second_factor=True),
    "second_factor": Page(read=ALL, write=ALL, before_second_factor=True),
    "second_factor_setup": Page(read=ALL, write=ALL, before_second_factor=True),
    "account": ALL_FORM,
    "password": ALL_FORM,
    # the shop
    "shop:settings": Page(read=MANAGERS),
    "shop:nightly": Page(read=MANAGERS),
    "shop:backup_begin": Page(write=MANAGERS),
    "shop:branch_list": Page(read=MANAGERS),
    "shop:branch_create": OWNER_FORM,
    "shop:branch_edit": OWNER_FORM,
    "shop:branch_switch": Page(write=OWNERS),
    "shop:department_list": Page(read=MANAGERS),
    "shop:department_create": MANAGER_FORM,
    "shop:department_edit": MANAGER_FORM,
    "shop:staff_list": Page(read=MANAGERS),
    "shop:staff_create": MANAGER_FORM,
    "shop:staff_edit": MANAGER_FORM,
    "shop:staff_invite": Page(write=MANAGERS),
    "shop:staff_unlock": Page(write=MANAGERS),
    "shop:staff_reset_second_factor": Page(write=OWNERS),
    "shop:item_list": Page(read=ALL),
    "shop:item_create": MANAGER_FORM,
    "shop:item_edit": MANAGER_FORM,
    "shop:category_list": Page(read=MANAGERS),
    "shop:category_create": MANAGER_FORM,
    "shop:category_edit": MANAGER_FORM,
    "shop:brand_list": Page(read=MANAGERS),
    "shop:brand_create": MANAGER_FORM,
    "shop:brand_edit": MANAGER_FORM,
    "shop:tag_list": Page(read=MANAGERS),
    "shop:tag_create": MANAGER_FORM,
    "shop:tag_edit": MANAGER_FORM,
    # the customer's card
    "customers:list": READ,
    "customers:search": READ,
    "customers:export": Page(read=MANAGERS),
    "customers:create": DESK_FORM,
    "customers:detail": READ,
    "customers:timeline": READ,
    "customers:data": READ,
    "customers:history": Page(read=DESK),
    "customers:edit": DESK_FORM,
    "customers:portrait": READ,
    "customers:safety_add": ALL_FORM,
    "customers:safety_retire": Page(write=ALL),
    "customers:reveal": Page(write=ALL),
    "customers:here": Page(write=DESK),
    "privacy:log": Page(read=MANAGERS),
    # lists taken away as files that were made in the background: each has its own person
    "exports:list": Page(read=MANAGERS),
    "exports:begin": Page(write=MANAGERS),
    "exports:take": Page(read=MANAGERS),
    # files brought in
    "imports:list": Page(read=MANAGERS),
    "imports:start": MANAGER_FORM,
    "imports:template": Page(read=MANAGERS),
    "imports:detail": Page(read=MANAGERS),
    "imports:progress": MANAGER_FORM,
    "imports:store": Page(write=MANAGERS),
    "imports:drop": Page(write=MANAGERS),
    "imports:refused": Page(read=MANAGERS),
    # visits and the front desk
    "home": READ,
    "visits:desk_today": READ,
    "visits:list": READ,
    "visits:export": Page(read=MANAGERS),
    "visits:create": DESK_FORM,
    "visits:guest": Page(read=DESK),
    "visits:detail": READ,
    "visits:expect": DESK_FORM,
    "visits:expect_edit": DESK_FORM,
    "visits:move": Page(write=ALL),
    "visits:note": Page(write=ALL),
    "visits:identify": DESK_FORM,
    "visits:void": DESK_FORM,
    "visits:refund": DESK_FORM,
    "visits:means": DESK_FORM,
    "visits:saved": Page(read=DESK),
    "visits:undo": Page(write=DESK),
    # tiers
    "tiers:overview": Page(read=MANAGERS),
    "tiers:list": Page(read=MANAGERS),
    "tiers:export": Page(read=MANAGERS),
    # reports of the whole company
    "reports:month": Page(read=OWNERS),
    "reports:workbook": Page(read=OWNERS),
}


@dataclass(frozen=True)
class Actor:
    """The person asking: the user with role, staff record and branch in force for this request."""

    user: object
    role: str | None
    now: datetime
    staff: object | None = None
    branch: object | None = None
    has_finance: bool = False
    needs_second_factor: bool = False
    address: str | None = None  # where the request comes from, for the access log

    @cached_property
    def today(self):
        """The business date at the actor's branch."""
        if self.branch is None:
            return business_date(self.now)
        return business_date(self.now, cutoff_hour=self.branch.cutoff_hour, time_zone=self.branch.time_zone)

    @property
    def is_owner(self):
        return self.role == OWNER

    def may_read(self, page_name):
        return self.role in PAGES[page_name].read

    def may_write(self, page_name):
        return self.role in PAGES[page_name].write


def at(actor, branch):
    """The actor at the branch that something belongs to: an owner sees what is another's than the one switched to."""
    return actor if actor.branch == branch else replace(actor, branch=branch)


def get(actor, queryset, **lookup):
    """The one object of `queryset` this actor may see. Raises Http404, the same for hidden and for missing ones."""
    try:
        return get_object_or_404(queryset.visible_to(actor), **lookup)
    except (ValueError, OverflowError):
        raise Http404 from None


# --- Masking: what of a customer's personal data a role sees at first sight -------------------------------------------

HIDDEN, TAIL, MASKED, MONTH_DAY, ON_REASON, FULL = "hidden", "tail", "masked", "month_day", "on_reason", "full"

VISIBILITY = {
    # field group: receptionist, beautician, manager, owner
    "phone": {RECEPTIONIST: MASKED, BEAUTICIAN: TAIL, MANAGER: MASKED, OWNER: MASKED},
    "address": {RECEPTIONIST: MASKED, BEAUTICIAN: HIDDEN, MANAGER: MASKED, OWNER: MASKED},
    "wechat": {RECEPTIONIST: MASKED, BEAUTICIAN: HIDDEN, MANAGER: MASKED, OWNER: MASKED},
    "place": {RECEPTIONIST: FULL, BEAUTICIAN: HIDDEN, MANAGER: FULL, OWNER: FULL},  # country to community
    "birthday": {RECEPTIONIST: MONTH_DAY, BEAUTICIAN: MONTH_DAY, MANAGER: FULL, OWNER: FULL},
    "health": {RECEPTIONIST: HIDDEN, BEAUTICIAN: FULL, MANAGER: ON_REASON, OWNER: ON_REASON},
    "safety": {role: FULL for role in ROLES},
    "skin": {RECEPTIONIST: HIDDEN, BEAUTICIAN: FULL, MANAGER: FULL, OWNER: FULL},
    "portrait": {role: FULL for role in ROLES},  # for recognition
    "treatment": {role: FULL for role in ROLES},
    "amount": {RECEPTIONIST: FULL, BEAUTICIAN: HIDDEN, MANAGER: FULL, OWNER: FULL},
    "consumption": {RECEPTIONIST: HIDDEN, BEAUTICIAN: HIDDEN, MANAGER: FULL, OWNER: FULL},
}
REVEALABLE = {field for field, by_role in VISIBILITY.items() if {MASKED, ON_REASON} & set(by_role.values())}


def visibility(actor, field):
    """How `actor` sees a field group of VISIBILITY; HIDDEN for somebody without a role. KeyError for an unknown field."""
    return VISIBILITY[field].get(actor.role, HIDDEN)


def may_reveal(actor, field):
    """True if the actor may ask to see the whole of a masked field (which is logged)."""
    return field in REVEALABLE and visibility(actor, field) in (MASKED, ON_REASON)


TAIL_DIGITS = 4  # of a phone number show at its end, where TAIL_FROM digits and more leave as many hidden
TAIL_FROM, HEAD_FROM = 8, 11


def sees(actor, field):
    """True if `actor` sees a field group whole at first sight, and so may filter and order by it."""
    return visibility(actor, field) == FULL


def mask_phone(number, how):
    """A phone number as 138****6621 (MASKED), ****6621 (TAIL), whole (FULL) or empty (HIDDEN).

    However it was written, its digits are masked. Of a short number less shows, so that four digits at least stay hidden.
    """
    if how == FULL or not number:
        return number
    digits = text.phone_digits(number)
    tail = digits[-TAIL_DIGITS:] if len(digits) >= TAIL_FROM else ""
    if how == TAIL:
        return f"****{tail}"
    if how == MASKED:
        tail = tail or (digits[-2:] if len(digits) >= 6 else "")
        return f"{digits[:3] if len(digits) >= HEAD_FROM else ''}****{tail}"
    return ""


def mask_text(value, how):
    """A text of which only the first character shows (MASKED), whole (FULL), else empty."""
    if how == FULL or not value:
        return value
    return f"{value[:1]}****" if how == MASKED else ""
