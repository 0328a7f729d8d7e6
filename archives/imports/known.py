"""Visits that are stored already: is what the file says of them the same?"""

from collections import Counter, defaultdict
from dataclasses import dataclass

from archives.imports.lines import money_of
from archives.visits.models import Line, Visit
from salon import text


@dataclass
class KnownVisit:
    """A stored visit: the digest of its rows if it was imported, its lines if it was entered at the desk."""

    content: str | None
    lines: Counter

    def is_same(self, draft):
        """True if the file says what is stored."""
        if self.content is not None:
            return self.content == draft.content
        return self.lines == Counter(
            _line(entry.item, money_of(entry).milli, money_of(entry).value_fen) for entry in draft.entries
        )


def _line(item, milli, fen):
    return text.fold(item), milli, fen


def visits(branch, drafts):
    """{identity: KnownVisit} of those drafts that are stored, voided ones too. Two queries, however many they are.

    A visit the file knows nobody for may have been given to a customer since: it is known as nobody's all the same.
    """
    if not drafts:
        return {}
    wanted = {draft.identity for draft in drafts}
    days = [draft.on for draft in drafts]
    stored = Visit.objects.filter(branch=branch, day__range=(min(days), max(days)))  # what is not done has no business date
    columns = ("receipt_no", "business_date", "customer", "pk", "imported__content", "identified")
    found = {}
    for receipt_no, on, who, pk, content, identified in stored.values_list(*columns):
        if (receipt_no, on, who) in wanted:
            found[receipt_no, on, who] = pk, content
        if identified and (receipt_no, on, None) in wanted:
            found.setdefault((receipt_no, on, None), (pk, content))
    of_desk = [pk for pk, content in found.values() if content is None]
    entered = _lines_of(of_desk) if of_desk else {}
    return {identity: KnownVisit(content, entered.get(pk, Counter())) for identity, (pk, content) in found.items()}


def _lines_of(ids):
    entered = defaultdict(Counter)
    rows = Line.objects.filter(visit__in=ids).order_by().values_list("visit", "item_name", "quantity_milli", "value_fen")
    for visit, item, milli, fen in rows:
        entered[visit][_line(item, milli, fen)] += 1
    return entered
