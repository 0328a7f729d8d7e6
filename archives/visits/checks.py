"""What must hold between the rows of visits and bills: each check is a queryset of those that break it, in the whole database."""

from django.db.models import Exists, F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from archives.visits.models import WHOLE_SHARE, Bill, Line, Payment, StaffShare, Visit
from customers.card.models import Customer


def _sum(rows, by, column):
    """The sum of a column over the rows that refer to the outer one by `by`; 0 if there are none."""
    per_outer = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(sum=Sum(column)).values("sum")
    return Coalesce(Subquery(per_outer), 0, output_field=IntegerField())


def broken():
    """[(what is wrong, queryset of the rows where it is)], without reading anything yet."""
    positive = Exists(Line.objects.filter(visit=OuterRef("pk"), value_fen__gt=0))
    paid = Bill.objects.alias(sum=_sum(Payment.objects.all(), "bill", "amount_fen"))
    asked = Bill.objects.alias(sum=_sum(Line.objects.all(), "visit__bill", "payable_fen"))
    shared = Line.objects.filter(Exists(StaffShare.objects.filter(line=OuterRef("pk"))))
    shared = shared.alias(
        bp=_sum(StaffShare.objects.all(), "line", "share_bp"), sum=_sum(StaffShare.objects.all(), "line", "value_fen")
    )
    later = Visit.objects.done().filter(customer=OuterRef("pk"))
    return [
        (
            _("visits whose stored consumption is not the sum of their lines"),
            Visit.objects.alias(sum=_sum(Line.objects.all(), "visit", "value_fen")).exclude(sum=F("net_fen")),
        ),
        (
            _("visits that are marked wrongly as having a line of value"),
            Visit.objects.alias(positive=positive).exclude(positive=F("has_positive_line")),
        ),
        (_("bills that are not paid by their payments"), paid.exclude(sum=F("paid_fen"))),
        (_("bills that do not ask what their lines ask"), asked.exclude(sum=F("payable_fen"))),
        (_("bills without a visit"), Bill.objects.filter(~Exists(Visit.objects.filter(bill=OuterRef("pk"))))),
        (_("lines whose shares are not the whole line"), shared.exclude(bp=WHOLE_SHARE, sum=F("value_fen"))),
        (
            _("customers whose last visit is later than their card says"),
            Customer.objects.filter(
                Exists(later.filter(Q(business_date__gt=OuterRef("last_visit_on")) | Q(customer__last_visit_on=None)))
            ),
        ),
    ]
