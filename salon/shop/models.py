"""The shop: branches, staff, and the catalogue of what it does and sells."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from salon import access, text
from salon.money import MAX_FEN

CODE = RegexValidator(r"^[A-Za-z0-9]{1,12}\Z", _("Use 1 to 12 Latin letters or digits."))


class SharedQuerySet(models.QuerySet):
    """Rows that are the same for everybody: which page may be opened is all there is to ask."""

    def visible_to(self, actor):
        return self


class Shop(models.Model):
    """What holds for the whole company: one row."""

    name = models.CharField(_("name of the salon"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("salon")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="shop_is_one_row")]

    def __str__(self):
        return self.name


class BranchQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """All branches for the owner, else the actor's own."""
        return self if actor.is_owner else self.filter(pk=actor.branch.pk if actor.branch else None)

    def open(self):
        return self.filter(is_active=True)


class Branch(models.Model):
    """One shop of the company. Its code is part of card and receipt numbers."""

    FIRST_CODE = "main"  # of the branch every installation begins with

    code = models.CharField(
        _("code"), max_length=12, validators=[CODE], help_text=_("Stands in card and receipt numbers: JA-000318.")
    )
    name = models.CharField(_("name"), max_length=60)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=40, blank=True)
    cutoff_hour = models.PositiveSmallIntegerField(
        _("business day ends at"),
        default=0,
        validators=[MaxValueValidator(6)],
        help_text=_("Hour after midnight until which visits count for the day before (0 to 6)."),
    )
    is_active = models.BooleanField(_("open"), default=True)

    objects = BranchQuerySet.as_manager()
    history = HistoricalRecords(inherit=False)

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        ordering = ["code", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("code"), name="branch_code_once", violation_error_message=_("This code is taken.")),
            models.CheckConstraint(condition=Q(cutoff_hour__lte=6), name="branch_cutoff_0_to_6"),
        ]

    def __str__(self):
        return self.name


class Sequence(models.Model):
    """The last number given out per branch and kind; see `queries.next_number`."""

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="sequences")
    kind = models.CharField(max_length=10)
    last = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["branch", "kind"], name="sequence_once_per_kind")]

    def __str__(self):
        return f"{self.branch_id} {self.kind} {self.last}"


class Department(models.Model):
    """A department of the company, such as face, body or nails."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    is_active = models.BooleanField(_("in use"), default=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["name", "pk"]

    def __str__(self):
        return self.name


class StaffQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """All staff for the owner, else those of the actor's branch."""
        return self if actor.is_owner else self.filter(branch=actor.branch)

    def serving(self, branch):
        """Who can be put on a line of a visit at this branch today: those who do treatments first."""
        treats_first = models.Case(models.When(role=access.BEAUTICIAN, then=0), default=1)
        return self.filter(branch=branch, is_active=True).order_by(treats_first, *self.model._meta.ordering)


class StaffMember(models.Model):
    """Somebody who works here, with or without a log-in. The role decides what the log-in may do."""

    user = models.OneToOneField(
        "salon.User", models.PROTECT, null=True, blank=True, related_name="staff", verbose_name=_("log-in")
    )
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=60)
    role = models.CharField(_("role"), max_length=20, choices=list(access.ROLE_NAMES.items()))
    has_finance = models.BooleanField(_("finance right"), default=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="staff", verbose_name=_("branch"))
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="staff", verbose_name=_("department")
    )
    employed_on = models.DateField(_("employed since"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    is_active = models.BooleanField(_("works here"), default=True)
    is_imported = models.BooleanField(_("from an import"), default=False)
    name_key = text.KeyField(max_length=80, editable=False)
    initials = text.KeyField(max_length=40, editable=False)

    objects = StaffQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["name_key", "initials"])

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        ordering = ["initials", "name_key", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=access.ROLES), name="staff_role_known"),
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(employed_on=None) | Q(left_on__gte=models.F("employed_on")),
                name="staff_left_after_employed",
                violation_error_message=_("The last day cannot be before the first."),
            ),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.name_key = text.fold(self.name)[:80]
        self.initials = text.initials(text.name_readings(self.name)[0])[:40]
        super().save(*args, **kwargs)


class Tag(models.Model):
    """A substance or a condition: what an item contains, or for whom it is not; what a customer does not tolerate."""

    INGREDIENT, CONDITION = "ingredient", "condition"
    KINDS = [(INGREDIENT, _("Ingredient")), (CONDITION, _("Contra-indication"))]

    kind = models.CharField(_("kind"), max_length=10, choices=KINDS, default=INGREDIENT)
    name = models.CharField(_("name"), max_length=40)
    name_key = text.KeyField(max_length=60, editable=False, unique=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["kind", "name_key", "pk"]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.name_key = text.fold(self.name)[:60]
        super().save(*args, **kwargs)


class Category(models.Model):
    """A group of items, such as facial care or eye care."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "name", "pk"]

    def __str__(self):
        return self.name


class Brand(models.Model):
    """A brand of products."""

    name = models.CharField(_("name"), max_length=60, unique=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["name", "pk"]

    def __str__(self):
        return self.name


class ItemQuerySet(SharedQuerySet):
    def on_offer(self):
        return self.filter(is_active=True)


class Item(models.Model):
    """A service or a product: what stands on a line of a visit."""

    SERVICE, PRODUCT = "service", "product"
    KINDS = [(SERVICE, _("Service")), (PRODUCT, _("Product"))]

    kind = models.CharField(_("kind"), max_length=10, choices=KINDS, default=SERVICE)
    name = models.CharField(_("name"), max_length=80)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="items", verbose_name=_("category")
    )
    brand = models.ForeignKey(Brand, models.PROTECT, null=True, blank=True, related_name="items", verbose_name=_("brand"))
    price_fen = models.BigIntegerField(_("price"), default=0)
    cost_fen = models.BigIntegerField(_("cost"), default=0)
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=0, validators=[MaxValueValidator(1440)])
    care_days = models.PositiveSmallIntegerField(
        _("care interval, days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("For a service: days until it is due again."),
    )
    lasts_days = models.PositiveSmallIntegerField(
        _("used up after, days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("For a product: days until one piece is used up."),
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="items", verbose_name=_("ingredients and contra-indications"))
    is_active = models.BooleanField(_("on offer"), default=True)
    is_imported = models.BooleanField(_("from an import"), default=False)
    name_key = text.KeyField(max_length=120, editable=False)
    initials = text.KeyField(max_length=60, editable=False)

    objects = ItemQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["name_key", "initials"], m2m_fields=[tags])

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        ordering = ["kind", "initials", "name_key", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name_key"], name="item_name_once", violation_error_message=_("There is an item of this name.")
            ),
            models.CheckConstraint(
                condition=Q(price_fen__gte=0, price_fen__lte=MAX_FEN, cost_fen__gte=0, cost_fen__lte=MAX_FEN),
                name="item_money_in_range",
            ),
            models.CheckConstraint(
                condition=Q(kind="service", lasts_days=None) | Q(kind="product", care_days=None), name="item_days_fit_kind"
            ),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.set_keys()
        super().save(*args, **kwargs)

    def set_keys(self):
        """Fill the search keys from the name; called by save, and before a bulk_create."""
        self.name_key = text.fold(self.name)[:120]
        self.initials = text.initials(text.syllables(text.fold(self.name)))[:60]
