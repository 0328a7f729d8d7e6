"""What came in for a bill by each means of payment, and how much of it can still go back."""

from dataclasses import dataclass

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from archives.visits.bills.entries import EntryError
from archives.visits.bills.models import Payment
from salon.money import format_money


@dataclass(frozen=True)
class Returnable:
    """How much of a bill's money can go back, in fen: by each means it came in by, and by any of those offered.

    `by_any` came in by a means that is not offered at the desk, such as "unknown" out of a file.
    """

    by_means: dict
    by_any: int = 0

    @property
    def ways(self):
        """The means by which money can go back, the largest first."""
        known = sorted(self.by_means, key=lambda means: (-self.by_means[means], Payment.OFFERED.index(means)))
        return known + [means for means in Payment.OFFERED if self.by_any and means not in known]

    def proposed(self, total):
        """[(means, fen)] for so much money: the largest first; None if nobody can know by which means the rest goes back."""
        payments, left = [], total
        for means in self.ways:
            part = min(left, self.by_means.get(means, 0))
            if part:
                payments.append((means, part))
                left -= part
        if left and len(self.ways) == 1:
            return [(self.ways[0], total)]
        return None if left else payments

    def problem(self, payments):
        """The EntryError of payments that are more than what can go back, or None."""
        asked, over = {}, 0
        for means, fen in payments:
            asked[means] = asked.get(means, 0) + fen
        for means, fen in asked.items():
            most = self.by_means.get(means, 0)
            over += max(fen - most, 0)
            if over > self.by_any:
                words = _("By %(means)s at most %(most)s can be refunded: no more came in that way.")
                name = dict(Payment.MEANS).get(means, means)
                return EntryError(words % {"means": name, "most": format_money(most + self.by_any)}, f"payments-{means}")
        return None


def returnable(bill):
    """The Returnable of a bill: what came in, as corrected, less the refunds that stand. One query."""
    money = Payment.objects.as_corrected().filter(Q(bill=bill) | Q(bill__refunds=bill, bill__voided_at=None))
    sums = dict(money.values_list("means").annotate(Sum("amount_fen")))
    by_means = {means: fen for means, fen in sums.items() if means in Payment.OFFERED and fen > 0}
    rest = sum(fen for means, fen in sums.items() if means not in by_means)  # less what went back beyond its own means
    return Returnable(by_means, max(rest, 0))
