"""Storing many visits at once: the rows record_bill would store, as tuples.

Visits of one receipt and day share a bill; one without a receipt number has its own. What the file does not say is not
made up: no time of arrival, no reason for a discount but "other", no original for a refund.
"""

from collections import Counter
from datetime import UTC

from django.utils.translation import gettext as _

from archives.imports.lines import money_of
from archives.imports.models import ImportedVisit
from archives.visits.bills import rows as bill_rows
from archives.visits.models import WHOLE_SHARE, VisitNote
from customers.card import projections
from salon.database import rows
from salon.money import MAX_FEN, spread

OF_AN_IMPORT = ("bills", "visits", "lines", "remarks", "shares", "allowances", "payments", "notes")
TABLES = {name: bill_rows.TABLES[name] for name in OF_AN_IMPORT} | {"imported": (ImportedVisit, "visit_id run_id content")}


class VisitWriter:
    """Stores importer.Drafts of one branch, as part of one ImportRun. Use it inside a transaction."""

    def __init__(self, branch, catalogue, *, now, user, run):
        self._branch, self._catalogue, self._run = branch, catalogue, run
        self._moment = now.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
        self._user = user and user.pk
        self._tables = rows.Tables(of=rows.SharedTable, **TABLES)

    def write(self, drafts):
        """Store visits; their customers exist."""
        self._tables.begin()
        for together in _by_receipt(drafts):
            self._bill(together)
        self._tables.store()
        projections.note_visits(days=_last_days(drafts))

    def _bill(self, drafts):
        tables, first = self._tables, drafts[0]
        paid, visits = Counter(), []
        bill_id = tables.bills.new_id()
        for draft in drafts:
            visit_id = tables.visits.new_id()
            visits.append((visit_id, draft, self._lines(visit_id, draft, paid)))
        bill = bill_rows.bill(
            branch_id=self._branch.pk,
            receipt_no=first.receipt_no,
            on=first.on.isoformat(),
            payer_id=first.customer,
            payable_fen=sum(sum(values) for _visit, _draft, values in visits),
            recorded_by_id=self._user,
            recorded_at=self._moment,
        )
        tables.bills.put(id=bill_id, **bill)
        for visit_id, draft, values in visits:
            tables.visits.put(id=visit_id, customer_id=draft.customer, bill_id=bill_id, **bill_rows.visit(bill, values))
            self._note_and_source(visit_id, draft)
        shown = {means: fen for means, fen in paid.items() if fen} or dict([next(iter(paid.items()))])
        for payment in bill_rows.payments(shown.items()):
            tables.payments.put(bill_id=bill_id, **payment)

    def _note_and_source(self, visit_id, draft):
        tables = self._tables
        if notes := dict.fromkeys(entry.note for entry in draft.entries if entry.note):
            tables.notes.add((tables.notes.new_id(), visit_id, VisitNote.DESK, "\n".join(notes), self._user, self._moment))
        tables.imported.add((visit_id, self._run.pk, draft.content))

    def _lines(self, visit_id, draft, paid):
        """Store the lines of a visit; adds to `paid` what was paid for them by which means. Returns their values in fen."""
        values = []
        for position, entry in enumerate(draft.entries, start=1):
            values.append(self._line(visit_id, position, entry))
            paid[entry.means] += values[-1]
        return values

    def _line(self, visit_id, position, entry):
        tables, money = self._tables, money_of(entry)
        item, line_id = self._catalogue.item(entry, min(money.unit_fen, MAX_FEN)), tables.lines.new_id()
        line = bill_rows.line(
            item,
            quantity_milli=money.milli,
            unit_price_fen=money.unit_fen,
            value_fen=money.value_fen,
            cost_fen=item.cost_fen,
            minutes=item.minutes,
            discount_reason=money.reason,
        )
        tables.lines.put(id=line_id, visit_id=visit_id, position=position, **line)
        if money.is_sale:  # nothing can be given back of a line that gave back
            tables.allowances.put(line_id=line_id, **bill_rows.allowance(line))
        if money.reason == "other":
            tables.remarks.add((line_id, _("From an import")))
        for share in bill_rows.shares(money.value_fen, self._people(entry.staff)):
            tables.shares.put(line_id=line_id, **share)
        return money.value_fen

    def _people(self, names):
        """Everybody a row names, with equal shares."""
        people = list(dict.fromkeys(map(self._catalogue.staff, names)))
        return list(zip(people, spread(WHOLE_SHARE, [1] * len(people))))


def _by_receipt(drafts):
    """Lists of drafts that share a bill, in the order of their first."""
    together = {}
    for number, draft in enumerate(drafts):
        key = (draft.on, draft.receipt_no) if draft.receipt_no else number
        together.setdefault(key, []).append(draft)
    return together.values()


def _last_days(drafts):
    """{customer id: last day} of drafts in the order of their days."""
    days = {draft.customer: draft.on for draft in drafts}
    days.pop(None, None)  # nobody's
    return days
