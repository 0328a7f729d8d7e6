"""What a card said at a version: the values people edit, now or as the change history has them."""

from dataclasses import dataclass

from customers.card.models import Address, Customer, FamilyMember, Phone

FIELDS = (
    "card_no", "name", "called", "gender", "birth_calendar", "birth_year", "birth_month", "birth_day", "age_band", "age_band_on",
    "wechat", "occupation", "education", "marital", "interests", "skin_type", "health", "portrait", "source", "referred_by",
    "responsible", "potential", "note", "card_date",
)  # fmt: skip
PHONES, ADDRESSES, FAMILY = "phones", "addresses", "family"
PLACE_PARTS = ("country", "province", "city", "district", "community")  # of an address: where somebody lives, not which door
ADDRESS_PARTS = (*PLACE_PARTS, "street", "postcode")


@dataclass(frozen=True)
class RowKind:
    """Rows that belong to a card. `chosen` names the column of which one row at most is true."""

    name: str
    model: type
    columns: tuple
    chosen: str = ""


ROW_KINDS = {
    kind.name: kind
    for kind in (
        RowKind(PHONES, Phone, ("number", "label", "is_main"), "is_main"),
        RowKind(ADDRESSES, Address, (*ADDRESS_PARTS, "is_delivery"), "is_delivery"),
        RowKind(FAMILY, FamilyMember, ("relation", "name", "birth_month", "birth_day")),
    )
}


@dataclass(frozen=True)
class State:
    """`fields`: {name: value}, foreign keys as ids. `rows`: {kind: {pk: {column: value}}}."""

    fields: dict
    rows: dict


def attribute(name):
    """The attribute of a Customer that holds the plain value of a field."""
    return Customer._meta.get_field(name).attname


def current(customer):
    """The card as it is: one query per kind of rows."""
    rows = {kind.name: {row.pk: columns(kind, row) for row in getattr(customer, kind.name).all()} for kind in ROW_KINDS.values()}
    return State(_fields(customer), rows)


def at_version(customer, version):
    """The card as it was at an earlier version, from its history, or None if the history does not reach back.

    A save stamps all its rows with one moment, later than the card's last; so what bears an earlier stamp than the first
    newer version was there at `version`.
    """
    saved = customer.history.filter(version=version).order_by("-history_id").first()
    if saved is None:
        return None
    newer = customer.history.filter(version__gt=version).order_by("history_id").first()
    if newer is None:
        return current(customer)
    rows = {kind.name: _rows_before(kind, customer, newer.history_date) for kind in ROW_KINDS.values()}
    return State(_fields(saved), rows)


def _fields(customer):
    return {name: getattr(customer, attribute(name)) for name in FIELDS}


def columns(kind, row):
    """{column: value} of a row, or of its history."""
    return {column: getattr(row, column) for column in kind.columns}


def _rows_before(kind, customer, moment):
    rows = {}
    for saved in kind.model.history.filter(customer_id=customer.pk, history_date__lt=moment).order_by("history_id"):
        if saved.history_type == "-":
            rows.pop(saved.id, None)
        else:
            rows[saved.id] = columns(kind, saved)
    return rows
