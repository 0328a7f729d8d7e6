"""Visits (到店记录): expected, in the shop, done; the bill, its lines, who did the work. How it was paid: bills/models.py.

Money rows are written once, when a visit is done, and never changed: a correction voids the bill and records another, a
refund is a visit of its own with negative lines. The database refuses anything else (archives/visits/guards.py).
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.card.models import Customer
from salon import access
from salon.database.indexes import LatestFirstIndex
from salon.shop.models import Branch, Item, StaffMember, Tag

EXPECTED, ARRIVED, IN_CARE, DONE = "expected", "arrived", "in_care", "done"
NO_SHOW, CANCELLED, VOIDED = "no_show", "cancelled", "voided"
UNFINISHED = (EXPECTED, ARRIVED, IN_CARE)
WHOLE_SHARE = 10_000  # basis points: the shares of one line sum to this


class BillQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """All bills for the owner, else those of the actor's branch; none for beauticians, who see no amounts."""
        if actor.is_owner:
            return self
        return self.none() if actor.role == access.BEAUTICIAN else self.filter(branch=actor.branch)


UNDONE, CORRECTED = "Undone", "Corrected"  # the program's own reasons for voiding, stored so whoever's language it was
# Earlier they were stored in the language of who did it.
OWN_REASONS = {UNDONE: _("Undone"), CORRECTED: _("Corrected")}
OWN_REASONS |= dict.fromkeys(("已撤销", "已撤銷"), OWN_REASONS[UNDONE]) | {"更正": OWN_REASONS[CORRECTED]}


class Bill(models.Model):
    """What was paid together: the visits of one customer, or of several with one payer."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="bills")
    receipt_no = models.CharField(_("receipt number"), max_length=60)
    business_date = models.DateField(_("date"))
    payer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="bills_paid", verbose_name=_("payer"))
    payable_fen = models.BigIntegerField(_("to pay"))
    paid_fen = models.BigIntegerField(_("paid"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(_("recorded"))
    voided_at = models.DateTimeField(_("voided"), null=True)
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    void_reason = models.CharField(_("reason for voiding"), max_length=200, blank=True)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    refunds = models.ForeignKey("self", models.PROTECT, null=True, related_name="refunded_by")

    objects = BillQuerySet.as_manager()

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        indexes = [
            models.Index(fields=["branch", "business_date"], name="bill_branch_date"),
            models.Index(fields=["receipt_no", "branch"], name="bill_receipt"),  # both, or SQLite takes the branch's bills
        ]
        constraints = [
            models.CheckConstraint(condition=Q(payable_fen=F("paid_fen")), name="bill_is_paid"),
            models.CheckConstraint(
                condition=Q(voided_at=None, voided_by=None) | Q(voided_at__isnull=False) & ~Q(void_reason=""),
                name="bill_void_has_reason",
            ),
        ]

    def __str__(self):
        return self.receipt_no

    @property
    def shown_void_reason(self):
        """Why it was voided: a person's words as they are, the program's own in the reader's language."""
        return OWN_REASONS.get(self.void_reason, self.void_reason)


class VisitQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """All visits for the owner, else those of the actor's branch; for a beautician, those of her own customers."""
        visits = self.of_branches(actor)
        if actor.role != access.BEAUTICIAN:
            return visits
        served = StaffShare.objects.filter(staff=actor.staff).values("line__visit")
        return visits.filter(
            Q(customer__in=Customer.objects.served_by(actor)) | Q(customer=None) & (Q(assigned=actor.staff) | Q(pk__in=served))
        )

    def of_branches(self, actor):
        """Visits at the branches whose treatments the actor may read."""
        return self if actor.is_owner else self.filter(branch=actor.branch)

    def of_customers(self, customers, actor):
        """Visits of these customers at the branches whose treatments the actor may read.

        The branch is compared as an expression: SQLite would rather go through all visits of the branch, because an index
        holds them in the order of their days, than sort the few of a customer.
        """
        visits = self.filter(customer__in=customers)
        if actor.is_owner:
            return visits
        return visits.alias(at=F("branch_id") + 0).filter(at=actor.branch.pk) if actor.branch else visits.none()

    def done(self):
        """Visits that count: finished and not voided."""
        return self.filter(status=DONE)


class Visit(models.Model):
    """One appearance of one customer (or of somebody unknown) at the shop, also a free one, also one still expected."""

    STATUSES = [
        (EXPECTED, _("Expected")),
        (ARRIVED, _("Arrived")),
        (IN_CARE, _("In care")),
        (DONE, _("Done")),
        (NO_SHOW, _("No-show")),
        (CANCELLED, _("Cancelled")),
        (VOIDED, _("Voided")),
    ]
    CHANNELS = [("shop", _("In the shop")), ("phone", _("Phone")), ("web", _("Web"))]

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="visits", verbose_name=_("branch"), db_index=False)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="visits", verbose_name=_("customer"), db_index=False
    )
    status = models.CharField(_("state"), max_length=9, choices=STATUSES, default=EXPECTED)
    channel = models.CharField(_("channel"), max_length=5, choices=CHANNELS, default="shop")
    expected_on = models.DateField(_("expected on"), null=True, blank=True)
    expected_time = models.TimeField(_("at"), null=True, blank=True)
    assigned = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="assigned_visits", verbose_name=_("beautician")
    )
    arrived_at = models.DateTimeField(_("arrived"), null=True, blank=True)
    care_started_at = models.DateTimeField(_("care started"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    bill = models.ForeignKey(Bill, models.PROTECT, null=True, related_name="visits")
    receipt_no = models.CharField(_("receipt number"), max_length=60, blank=True)
    business_date = models.DateField(_("date"), null=True)
    day = models.DateField(_("day"), help_text=_("The business date once done, until then the day expected; what lists sort by."))
    net_fen = models.BigIntegerField(_("consumption"), default=0)
    has_positive_line = models.BooleanField(default=False)
    recorded_at = models.DateTimeField(_("recorded"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    voided_at = models.DateTimeField(_("voided"), null=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        indexes = [
            # Covers what segmentation sums per customer: one range scan, no look into the table.
            models.Index(
                fields=["customer", "business_date", "has_positive_line", "net_fen"],
                name="visit_counts",
                condition=Q(status=DONE),
            ),
            models.Index(fields=["customer", "status", "expected_on"], name="visit_customer_state"),
            LatestFirstIndex("branch", latest="day", name="visit_branch_day"),
            LatestFirstIndex(latest="day", name="visit_day"),
            models.Index(
                fields=["branch", "expected_on", "expected_time"],
                name="visit_unfinished",
                condition=Q(status__in=UNFINISHED),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[EXPECTED, ARRIVED, IN_CARE, NO_SHOW, CANCELLED], business_date=None, bill=None)
                | Q(status__in=[DONE, VOIDED], business_date__isnull=False, bill__isnull=False),
                name="visit_money_when_done",
            ),
            models.CheckConstraint(
                condition=Q(status=VOIDED, voided_at__isnull=False) | ~Q(status=VOIDED) & Q(voided_at=None),
                name="visit_voided_at",
            ),
            models.CheckConstraint(condition=~Q(status=EXPECTED) | Q(expected_on__isnull=False), name="visit_expected_has_day"),
            models.CheckConstraint(
                condition=Q(business_date=None) | Q(day=F("business_date")), name="visit_day_is_business_date"
            ),
            # One visit per (branch, receipt, day, customer or nobody), so that an import run twice adds nothing.
            models.UniqueConstraint(
                fields=["branch", "receipt_no", "business_date", "customer"],
                condition=Q(business_date__isnull=False, customer__isnull=False),
                name="visit_once_per_receipt",
            ),
            models.UniqueConstraint(
                fields=["branch", "receipt_no", "business_date"],
                condition=Q(business_date__isnull=False, customer=None),
                name="visit_once_per_receipt_unknown",
            ),
        ]

    def __str__(self):
        return f"{self.receipt_no or self.pk} {self.get_status_display()}"

    def get_absolute_url(self):
        return reverse("visits:detail", args=[self.pk])

    @property
    def is_open(self):
        return self.status in UNFINISHED


class PlannedItem(models.Model):
    """An item a customer is expected for; no money yet."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="planned")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["visit", "item"], name="planned_item_once")]

    def __str__(self):
        return str(self.item)


class Line(models.Model):
    """One service or product of a visit. What it cost then stays, whatever the catalogue says later. Append-only.

    `value_fen` is what the line counts (consumption), `payable_fen` what is asked now: they differ where a count card pays.
    `quantity_milli` is in thousandths. A refund line is negative and names the line it takes back.
    """

    DISCOUNT_REASONS = [
        ("member", _("Membership")),
        ("offer", _("Offer")),
        ("regular", _("Regular customer")),
        ("complaint", _("Making up for a complaint")),
        ("staff", _("Staff or family")),
        ("rounding", _("Rounding")),
        ("other", _("Other, see remark")),
    ]

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    item = models.ForeignKey(Item, models.PROTECT, related_name="lines", verbose_name=_("item"))
    kind = models.CharField(max_length=10, choices=Item.KINDS)
    item_name = models.CharField(_("item"), max_length=80)
    quantity_milli = models.BigIntegerField(_("quantity"), default=1000)
    unit_price_fen = models.BigIntegerField(_("unit price"))
    discount_fen = models.BigIntegerField(_("discount"), default=0)
    discount_reason = models.CharField(_("reason for the discount"), max_length=10, choices=DISCOUNT_REASONS, blank=True)
    value_fen = models.BigIntegerField(_("value"))
    payable_fen = models.BigIntegerField(_("to pay"))
    cost_fen = models.BigIntegerField(_("cost"), default=0)
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=0)
    refund_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="refund_lines")

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "position"], name="line_position_once"),
            models.CheckConstraint(condition=~Q(quantity_milli=0), name="line_quantity_not_zero"),
            models.CheckConstraint(condition=Q(refund_of=None) | Q(value_fen__lte=0), name="line_refund_is_negative"),
        ]

    def __str__(self):
        return self.item_name


class LineRemark(models.Model):
    """Free text about a line (why this discount): apart from the money row, so that it can be erased."""

    line = models.OneToOneField(Line, models.PROTECT, primary_key=True, related_name="remark")
    text = models.CharField(_("remark"), max_length=200)

    def __str__(self):
        return self.text


class StaffShare(models.Model):
    """Who did the work of a line: share in basis points and the part of the line's value in fen. Append-only."""

    line = models.ForeignKey(Line, models.PROTECT, related_name="shares")
    staff = models.ForeignKey(StaffMember, models.PROTECT, related_name="shares", verbose_name=_("beautician"))
    share_bp = models.PositiveSmallIntegerField(_("share"), default=WHOLE_SHARE)
    value_fen = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "staff"], name="share_once_per_person"),
            models.CheckConstraint(condition=Q(share_bp__gte=1, share_bp__lte=WHOLE_SHARE), name="share_in_range"),
        ]

    def __str__(self):
        return f"{self.staff_id} {self.share_bp / 100:g} %"


class RefundAllowance(models.Model):
    """How much of a line has been given back; the database refuses more than the line was worth."""

    line = models.OneToOneField(Line, models.PROTECT, primary_key=True, related_name="allowance")
    value_fen = models.BigIntegerField()
    quantity_milli = models.BigIntegerField()
    refunded_fen = models.BigIntegerField(default=0)
    refunded_milli = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    refunded_fen__gte=0,
                    refunded_fen__lte=F("value_fen"),
                    refunded_milli__gte=0,
                    refunded_milli__lte=F("quantity_milli"),
                ),
                name="refund_not_above_line",
            )
        ]

    def __str__(self):
        return f"{self.line_id}: {self.refunded_fen} of {self.value_fen}"


class SafetyOverride(models.Model):
    """Somebody put an item on a line although a safety note of the customer speaks against it, and said why."""

    line = models.ForeignKey(Line, models.PROTECT, related_name="overrides")
    tag = models.ForeignKey(Tag, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "tag"], name="override_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_reason"),
        ]

    def __str__(self):
        return f"{self.line_id} {self.tag_id}"


class VisitNote(models.Model):
    """What staff wrote about a visit: for the next time (下次留言), or about this one. Added, never changed."""

    NEXT, DESK = "next", "desk"
    KINDS = [(NEXT, _("For the next visit")), (DESK, _("About this visit"))]

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=4, choices=KINDS, default=NEXT)
    text = models.TextField(_("note"), max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return self.text[:40]
