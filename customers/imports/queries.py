"""What the page of an import shows: counts, some rows, reasons."""

from dataclasses import dataclass, field

from customers.card.state import PLACE_PARTS
from customers.imports import registry
from customers.imports.folders import ImportFolder
from customers.imports.services import may_store
from customers.imports.spool import Spool
from salon import access, text
from salon.spreadsheets import cells
from salon.spreadsheets.reading import heading_key

SAMPLE_ROWS, SHOWN_REASONS = 3, 50
DAYS = {"date", "card_date"}
MASKED = {"phone": "phone", "address": "address", "wechat": "wechat", "skin_type": "skin"}  # column: field group
MASKED |= dict.fromkeys(PLACE_PARTS, "place")


@dataclass
class Details:
    """What was read: `sample` [(heading, what it is read as, [cells])] of `sample_numbers` [(row, is it refused)];
    why rows are refused, left out or looked odd: [(reason, how many rows, the first of them)].
    """

    sample: list = field(default_factory=list)
    sample_numbers: list = field(default_factory=list)
    refused: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    remarks: list = field(default_factory=list)


def details(run, actor):
    """The Details of an import that is read and whose rows are still kept, for the person who brought the file; else None."""
    folder = ImportFolder(run.pk)
    if not may_store(actor, run) or not folder.spool.exists():
        return None
    with Spool(folder.spool) as spool:
        rows = spool.first_rows(SAMPLE_ROWS)
        return Details(
            sample=_sample(registry.get(run.kind), spool, rows, actor),
            sample_numbers=[(number, bad) for number, _row, bad in rows],
            refused=spool.grouped("refused", SHOWN_REASONS),
            skipped=spool.grouped("skipped", SHOWN_REASONS),
            warnings=spool.grouped("warning", SHOWN_REASONS),
            remarks=registry.remarks(spool),
        )


def _sample(kind, spool, rows, actor):
    places, header = spool.fact("columns", {}), spool.fact("header", [])
    shown, cell = [], lambda row, key: row[places[key]] if key in places and places[key] < len(row) else ""
    for column in kind.columns:
        if column.key in places:
            place = places[column.key]
            values = [_shown(column.key, cell(row, column.key), cell(row, "phone"), actor) for _number, row, _bad in rows]
            own = heading_key(header[place]) in map(heading_key, column.names[:2])
            shown.append((header[place], "" if own else column.names[0], values))
    return shown


def _shown(key, value, phone, actor):
    """A cell of the file as the person would see it on a card; a day as it was understood. `phone`: that of its row."""
    if key in DAYS:
        return _day_of(value)
    is_phone = key == "card_no" and text.is_phone_among(str(value), [str(phone)])
    group = "phone" if is_phone else MASKED.get(key)
    if not group:
        return value
    how = access.visibility(actor, group)
    return access.mask_phone(str(value), how) if group == "phone" else access.mask_text(value, how)


def _day_of(value):
    try:
        return cells.day(value) or ""
    except cells.CellError:
        return value
