"""What must hold between the rows of visits and bills: each check is a queryset of those that break it, in the whole database.

They join and group, rather than ask for each row: a night has millions of them.
"""

from django.db.models import Exists, F, Max, OuterRef, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from archives.visits.bills.models import MeansCorrection
from archives.visits.models import DONE, WHOLE_SHARE, Bill, Line, Visit
from customers.card.models import Customer


def broken():
    """[(what is wrong, queryset of the rows where it is)], without reading anything yet. Lines that name nobody have no sum of
    shares: of what is unknown nothing is said.
    """
    visits = Visit.objects.values("pk", "net_fen", "has_positive_line").annotate(
        sum=_sum("lines__value_fen"), most=Max("lines__value_fen")
    )
    positive = Q(most__gt=0)
    paid = Bill.objects.values("pk", "paid_fen").annotate(sum=_sum("payments__amount_fen", Q(payments__correction=None)))
    corrected = MeansCorrection.objects.values("pk", "bill__paid_fen").annotate(sum=_sum("payments__amount_fen"))
    asked = Bill.objects.values("pk", "payable_fen").annotate(sum=_sum("visits__lines__payable_fen"))
    shared = Line.objects.values("pk", "value_fen").annotate(bp=Sum("shares__share_bp"), sum=Sum("shares__value_fen"))
    came = Q(visits__status=DONE, visits__bill__refunds=None, visits__net_fen__gte=0)  # giving money back is no visit
    seen = Customer.objects.values("pk", "last_visit_on").annotate(last=Max("visits__business_date", filter=came))
    return [
        (_("visits whose stored consumption is not the sum of their lines"), visits.exclude(sum=F("net_fen"))),
        (
            _("visits that are marked wrongly as having a line of value"),
            visits.filter(Q(has_positive_line=True) & (Q(most=None) | ~positive) | Q(has_positive_line=False) & positive),
        ),
        (_("bills that are not paid by their payments"), paid.exclude(sum=F("paid_fen"))),
        (_("corrected means of payment that do not sum to their bill"), corrected.exclude(sum=F("bill__paid_fen"))),
        (_("bills that do not ask what their lines ask"), asked.exclude(sum=F("payable_fen"))),
        (_("visits given to a customer that are nobody's"), Visit.objects.filter(identified__isnull=False, customer=None)),
        (_("bills without a visit"), Bill.objects.filter(~Exists(Visit.objects.filter(bill=OuterRef("pk"))))),
        (
            _("bills that were corrected into another branch"),
            Bill.objects.filter(voided_at=None, replaces__isnull=False).exclude(replaces__branch=F("branch")),
        ),
        (_("lines whose shares are not the whole line"), shared.exclude(bp=WHOLE_SHARE, sum=F("value_fen"))),
        (
            _("customers who came later than their card says"),
            seen.filter(Q(last__gt=F("last_visit_on")) | Q(last__isnull=False, last_visit_on=None)),
        ),
    ]


def _sum(column, of=None):
    return Coalesce(Sum(column, filter=of), 0)
