"""Storing many visits at once: the rows record_bill would store, as tuples.

Visits of one receipt and day share a bill; one without a receipt number has its own. What the file does not say is not
made up: no time of arrival, no reason for a discount but "other", no original for a refund.
"""

from datetime import UTC

from django.utils.translation import gettext as _

from archives.imports.lines import money_of
from archives.imports.models import ImportedVisit
from archives.visits.bills.models import Payment
from archives.visits.models import DONE, WHOLE_SHARE, Bill, Line, LineRemark, RefundAllowance, StaffShare, Visit, VisitNote
from customers.card import projections
from salon.database import rows
from salon.money import MAX_FEN, extended_price, spread

TABLES = {
    # in the order the rows refer to each other
    "bills": (Bill, "id branch_id receipt_no business_date payer_id payable_fen paid_fen recorded_by_id recorded_at"),
    "visits": (
        Visit,
        "id branch_id customer_id status done_at bill_id receipt_no business_date day net_fen has_positive_line recorded_at "
        "recorded_by_id",
    ),
    "lines": (
        Line,
        "id visit_id position item_id kind item_name quantity_milli unit_price_fen discount_fen discount_reason value_fen "
        "payable_fen cost_fen minutes",
    ),
    "remarks": (LineRemark, "line_id text"),
    "shares": (StaffShare, "id line_id staff_id share_bp value_fen"),
    "allowances": (RefundAllowance, "line_id value_fen quantity_milli"),
    "payments": (Payment, "id bill_id position means amount_fen"),
    "notes": (VisitNote, "id visit_id kind text by_id at"),
    "imported": (ImportedVisit, "visit_id run_id content"),
}


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
        bill_id, day = tables.bills.new_id(), first.on.isoformat()
        due, paid = 0, {}
        for draft in drafts:
            net = self._visit(bill_id, day, draft, paid)
            due += net
        tables.bills.add((
            bill_id, self._branch.pk, first.receipt_no, day, first.customer, due, due, self._user, self._moment,
        ))  # fmt: skip
        shown = {means: fen for means, fen in paid.items() if fen} or dict([next(iter(paid.items()))])
        for position, (means, fen) in enumerate(shown.items(), start=1):
            tables.payments.add((tables.payments.new_id(), bill_id, position, means, fen))

    def _visit(self, bill_id, day, draft, paid):
        """Store a visit with its lines; adds to `paid` what was paid for them by which means. Returns its net value."""
        tables, visit_id = self._tables, self._tables.visits.new_id()
        net = positive = 0
        for position, entry in enumerate(draft.entries, start=1):
            value = self._line(visit_id, position, entry)
            paid[entry.means] = paid.get(entry.means, 0) + value
            net += value
            positive += value > 0
        tables.visits.add((
            visit_id, self._branch.pk, draft.customer, DONE, self._moment, bill_id, draft.receipt_no, day, day, net,
            1 if positive else 0, self._moment, self._user,
        ))  # fmt: skip
        notes = dict.fromkeys(entry.note for entry in draft.entries if entry.note)
        if notes:
            tables.notes.add((tables.notes.new_id(), visit_id, VisitNote.DESK, "\n".join(notes), self._user, self._moment))
        tables.imported.add((visit_id, self._run.pk, draft.content))
        return net

    def _line(self, visit_id, position, entry):
        tables, money = self._tables, money_of(entry)
        item = self._catalogue.item(entry, min(money.unit_fen, MAX_FEN))
        line_id = tables.lines.new_id()
        cost = extended_price(item.cost_fen, money.milli) if money.is_sale else 0
        tables.lines.add((
            line_id, visit_id, position, item.id, item.kind, item.name, money.milli, money.unit_fen, money.discount_fen,
            money.reason, money.value_fen, money.value_fen, cost, item.minutes if money.is_sale else 0,
        ))  # fmt: skip
        if money.is_sale:  # nothing can be given back of a line that gave back
            tables.allowances.add((line_id, money.value_fen, money.milli))
        if money.reason == "other":
            tables.remarks.add((line_id, _("From an import")))
        self._share(line_id, money.value_fen, entry.staff)
        return money.value_fen

    def _share(self, line_id, value, names):
        """Equal shares for everybody the row names."""
        people = list(dict.fromkeys(map(self._catalogue.staff, names)))
        parts = spread(WHOLE_SHARE, [1] * len(people))
        for staff, bp, fen in zip(people, parts, spread(value, parts)):
            self._tables.shares.add((self._tables.shares.new_id(), line_id, staff, bp, fen))


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
