"""The customer's card (客户档案卡): who she is. What happened is upstairs, in archives."""

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from customers.card.querysets import PRESENT, CustomerQuerySet
from salon import access, text
from salon.database.indexes import LatestFirstIndex
from salon.shop.models import Branch, StaffMember, Tag

DERIVED = [
    *("name_key", "given_key", "pinyin", "initials", "pinyin_alt", "initials_alt", "given_pinyin", "given_pinyin_alt"),
    *("card_key", "old_key", "card_is_phone", "stroke_key", "skin_order", "last_visit_on"),
]
SKIN_UNKNOWN = 99
MONTHS, DAYS = ([MinValueValidator(1), MaxValueValidator(last)] for last in (12, 31))
TWO_READINGS = Q(given_pinyin_alt__isnull=False)  # few given names
RECENT_KEYS = ("name_key", "pinyin", "initials", "given_pinyin")  # what those who came last are searched by (queries.py)


class Customer(models.Model):
    """Anybody the salon knows, before or after a purchase (顾客). One card each."""

    GENDERS = [("female", _("Female")), ("male", _("Male"))]
    CALENDARS = [("solar", _("Solar calendar")), ("lunar", _("Lunar calendar"))]
    AGE_BANDS = [
        ("under18", _("under 18")),
        ("18-24", "18–24"),
        ("25-34", "25–34"),
        ("35-44", "35–44"),
        ("45-54", "45–54"),
        ("55-64", "55–64"),
        ("65+", _("65 and over")),
    ]
    EDUCATION = [
        ("primary", _("Primary school")),
        ("junior", _("Junior middle school")),
        ("senior", _("Senior middle school")),
        ("college", _("College")),
        ("bachelor", _("Bachelor")),
        ("master", _("Master or above")),
    ]
    MARITAL = [
        ("single", _("Single")),
        ("partner", _("In a relationship")),
        ("married", _("Married")),
        ("divorced", _("Divorced")),
        ("widowed", _("Widowed")),
    ]
    SKIN_TYPES = [
        ("neutral", _("Neutral")),
        ("dry", _("Dry")),
        ("oily", _("Oily")),
        ("combination", _("Combination")),
        ("sensitive", _("Sensitive")),
        ("problem", _("Problem skin")),
    ]
    SOURCES = [
        ("walk_by", _("Walked by")),
        ("friend", _("Friend's recommendation")),
        ("online", _("Internet")),
        ("leaflet", _("Leaflet or advertisement")),
        ("event", _("Event")),
        ("partner", _("Partner")),
        ("staff", _("Staff")),
        ("other", _("Other")),
    ]
    POTENTIALS = [("high", _("High")), ("medium", _("Medium")), ("low", _("Low"))]

    card_no = models.CharField(_("card number"), max_length=40, unique=True)
    old_no = models.CharField(_("number in the old system"), max_length=40, blank=True, editable=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="customers", verbose_name=_("branch"), db_index=False)
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=80)
    called = models.CharField(_("form of address"), max_length=40, blank=True, help_text=_("What to call her: 张姐"))
    gender = models.CharField(_("gender"), max_length=6, choices=GENDERS, blank=True)

    birth_calendar = models.CharField(_("calendar"), max_length=5, choices=CALENDARS, default="solar")
    birth_year = models.PositiveSmallIntegerField(
        _("year of birth"), null=True, blank=True, validators=[MinValueValidator(1900), MaxValueValidator(2100)]
    )
    birth_month = models.PositiveSmallIntegerField(_("month of birth"), null=True, blank=True)
    birth_day = models.PositiveSmallIntegerField(_("day of birth"), null=True, blank=True)
    age_band = models.CharField(_("age band"), max_length=7, choices=AGE_BANDS, blank=True)
    age_band_on = models.DateField(_("age band as stated on"), null=True, blank=True)

    wechat = models.CharField(_("WeChat"), max_length=60, blank=True)
    occupation = models.CharField(_("occupation"), max_length=60, blank=True)
    education = models.CharField(_("education"), max_length=10, choices=EDUCATION, blank=True)
    marital = models.CharField(_("marital state"), max_length=10, choices=MARITAL, blank=True)
    interests = models.CharField(_("interests and hobbies"), max_length=200, blank=True)
    skin_type = models.CharField(_("skin type"), max_length=12, choices=SKIN_TYPES, blank=True)
    health = models.TextField(_("state of health"), max_length=1000, blank=True)
    portrait = models.CharField(_("photo"), max_length=80, blank=True, editable=False)

    source = models.CharField(_("how the customer found us"), max_length=10, choices=SOURCES, blank=True)
    referred_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="referred", verbose_name=_("referred by")
    )
    responsible = models.ForeignKey(
        StaffMember, models.SET_NULL, null=True, blank=True, related_name="customers", verbose_name=_("responsible")
    )
    potential = models.CharField(_("development potential"), max_length=6, choices=POTENTIALS, blank=True)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    card_date = models.DateField(_("card date"))

    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="absorbed", editable=False, db_index=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    # Derived: search and sort keys from name and card number, and the last day she came (filled from archives).
    name_key = text.KeyField(max_length=120, editable=False)
    given_key = text.KeyField(max_length=120, editable=False, blank=True)
    pinyin = text.KeyField(max_length=160, editable=False, blank=True)
    initials = text.KeyField(max_length=80, editable=False, blank=True)
    pinyin_alt = text.KeyField(max_length=160, editable=False, blank=True)
    initials_alt = text.KeyField(max_length=80, editable=False, blank=True)
    given_pinyin = text.KeyField(max_length=160, null=True, editable=False)  # NULL: no given name in characters
    given_pinyin_alt = text.KeyField(max_length=160, null=True, editable=False)
    card_key = text.KeyField(max_length=60, editable=False)
    old_key = text.KeyField(max_length=60, null=True, editable=False)
    card_is_phone = models.BooleanField(default=False, editable=False)  # masked like the phone, and found as the phone is
    stroke_key = text.KeyField(max_length=120, editable=False)
    skin_order = models.PositiveSmallIntegerField(default=SKIN_UNKNOWN, editable=False)
    last_visit_on = models.DateField(_("last visit"), null=True, editable=False)

    objects = CustomerQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=DERIVED)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.CheckConstraint(
                condition=Q(birth_month=None, birth_day=None)
                | Q(birth_month__gte=1, birth_month__lte=12, birth_day__gte=1, birth_day__lte=31),
                name="customer_birth_month_and_day",
                violation_error_message=_("Give month and day of birth together."),
            ),
            models.CheckConstraint(
                condition=Q(birth_year=None) | Q(birth_year__gte=1900, birth_year__lte=2100), name="customer_birth_year"
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="customer_not_merged_into_itself"),
            models.CheckConstraint(condition=~Q(name=""), name="customer_has_a_name"),
            models.CheckConstraint(condition=~Q(card_no=""), name="customer_has_a_card_number"),
            models.UniqueConstraint(fields=["branch", "old_no"], condition=~Q(old_no=""), name="customer_old_number_once"),
        ]
        indexes = [
            # search as you type: all branches, and one
            models.Index(fields=["name_key", "id"], name="customer_name_key"),
            models.Index(fields=["given_key", "id"], name="customer_given_key"),
            models.Index(fields=["pinyin", "id"], name="customer_pinyin"),
            models.Index(fields=["initials", "id"], name="customer_initials"),
            models.Index(fields=["pinyin_alt", "id"], name="customer_pinyin_alt"),
            models.Index(fields=["initials_alt", "id"], name="customer_initials_alt"),
            models.Index(fields=["given_pinyin", "id"], name="customer_given_pinyin"),
            models.Index(fields=["given_pinyin_alt", "id"], name="customer_given_pinyin_2", condition=TWO_READINGS),
            models.Index(fields=["card_key", "id"], name="customer_card_key"),
            models.Index(fields=["branch", "name_key", "id"], name="customer_branch_name_key"),
            models.Index(fields=["branch", "given_key", "id"], name="customer_branch_given_key"),
            models.Index(fields=["branch", "initials", "id"], name="customer_branch_initials"),
            models.Index(fields=["branch", "pinyin_alt", "id"], name="customer_branch_pinyin_2"),
            models.Index(fields=["branch", "initials_alt", "id"], name="customer_branch_initials_2"),
            models.Index(fields=["branch", "given_pinyin", "id"], name="customer_branch_given_pinyin"),
            models.Index(fields=["branch", "given_pinyin_alt", "id"], name="customer_branch_given_2", condition=TWO_READINGS),
            models.Index(fields=["branch", "card_key", "id"], name="customer_branch_card_key"),
            models.Index(fields=["old_key", "branch"], name="customer_old_key", condition=Q(old_key__isnull=False)),
            # lists, for one branch and for all; merged cards stand in none
            models.Index(fields=["branch", "pinyin", "id"], name="customer_branch_pinyin"),
            models.Index(fields=["branch", "stroke_key", "id"], name="customer_branch_strokes", condition=PRESENT),
            models.Index(fields=["branch", "skin_order", "stroke_key", "id"], name="customer_branch_skin", condition=PRESENT),
            LatestFirstIndex("branch", latest="card_date", name="customer_branch_card_date", condition=PRESENT),
            LatestFirstIndex(
                "branch", latest="last_visit_on", name="customer_branch_last_visit", covers=RECENT_KEYS, condition=PRESENT
            ),
            models.Index(fields=["stroke_key", "id"], name="customer_strokes", condition=PRESENT),
            models.Index(fields=["skin_order", "stroke_key", "id"], name="customer_skin", condition=PRESENT),
            LatestFirstIndex(latest="card_date", name="customer_card_date", condition=PRESENT),
            LatestFirstIndex(latest="last_visit_on", name="customer_last_visit", covers=RECENT_KEYS, condition=PRESENT),
            models.Index(fields=["birth_month", "birth_day"], name="customer_birthday"),
            # Only cards that were merged: an index of all would tempt SQLite to look for "not merged" by it.
            models.Index(fields=["merged_into"], name="customer_absorbed", condition=Q(merged_into__isnull=False)),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        from django.urls import reverse

        return reverse("customers:detail", args=[self.pk])

    def save(self, *args, **kwargs):
        self.set_keys(self._phone_numbers())
        super().save(*args, **kwargs)

    def _phone_numbers(self):
        """The phones the card has or had, if its number can be one of them: removing a phone shows no number that was hidden."""
        if self.pk is None or len(text.phone_digits(self.card_no)) < text.SHORTEST_PHONE:
            return []
        had = Phone.history.filter(customer_id=self.pk).values_list("number", flat=True)
        return [*Phone.objects.filter(customer=self.pk).values_list("number", flat=True), *had]

    def set_keys(self, phones=()):
        """Fill the derived search and sort keys; called by save, and before a bulk_create. `phones`: the numbers on the card.

        A card number that is a phone of the card has no key of its own: it is found as the phone is, whole or by four digits.
        """
        keys = text.name_keys(self.name)
        self.name_key, self.given_key = keys.name[:120], keys.given[:120]
        self.pinyin, self.initials = keys.pinyin[:160], keys.initials[:80]
        self.pinyin_alt, self.initials_alt = keys.pinyin_alt[:160], keys.initials_alt[:80]
        self.given_pinyin, self.given_pinyin_alt = keys.given_pinyin[:160] or None, keys.given_pinyin_alt[:160] or None
        self.card_is_phone = text.is_phone_among(self.card_no, phones)
        self.card_key = "" if self.card_is_phone else text.fold(self.card_no)[:60]
        self.old_key = text.fold(self.old_no)[:60] or None
        self.stroke_key = text.stroke_key(self.name)
        places = [key for key, _label in self.SKIN_TYPES]
        self.skin_order = places.index(self.skin_type) if self.skin_type in places else SKIN_UNKNOWN

    def card_no_for(self, actor):
        """The card number as somebody may read it: masked if it is a phone of the card."""
        return access.mask_phone(self.card_no, access.visibility(actor, "phone")) if self.card_is_phone else self.card_no

    @property
    def birthday(self):
        """(month, day) or None, in the calendar `birth_calendar` names."""
        return (self.birth_month, self.birth_day) if self.birth_month else None


class Phone(models.Model):
    """A phone number of a customer. `digits` and their reverse serve search by beginning and by last digits."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="phones")
    number = models.CharField(_("phone"), max_length=30)
    label = models.CharField(_("whose or where"), max_length=30, blank=True)
    is_main = models.BooleanField(_("main number"), default=False)
    digits = text.KeyField(max_length=20, editable=False)
    digits_reversed = text.KeyField(max_length=20, editable=False)

    history = HistoricalRecords(excluded_fields=["digits", "digits_reversed"])

    class Meta:
        verbose_name = _("phone")
        verbose_name_plural = _("phones")
        ordering = ["-is_main", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "digits"], name="phone_once_per_customer"),
            models.UniqueConstraint(fields=["customer"], condition=Q(is_main=True), name="phone_one_main"),
            models.CheckConstraint(condition=~Q(digits=""), name="phone_has_digits"),
        ]
        indexes = [
            models.Index(fields=["digits", "customer"], name="phone_digits"),
            models.Index(fields=["digits_reversed", "customer"], name="phone_last_digits"),
        ]

    def __str__(self):
        return self.number

    def save(self, *args, **kwargs):
        self.set_keys()
        super().save(*args, **kwargs)
        if text.is_phone_among(self.customer.card_no, [self.number]):
            self.customer.card_is_phone, self.customer.card_key = True, ""
            Customer.objects.filter(pk=self.customer_id).update(card_is_phone=True, card_key="")

    def set_keys(self):
        """Fill the digit keys; called by save, and before a bulk_create."""
        self.digits = text.phone_digits(self.number)
        self.digits_reversed = self.digits[::-1]


class Address(models.Model):
    """An address of a customer (A7: country, province, city, district, community)."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="addresses")
    country = models.CharField(_("country"), max_length=40, blank=True)
    province = models.CharField(_("province"), max_length=40, blank=True)
    city = models.CharField(_("city"), max_length=40, blank=True)
    district = models.CharField(_("district"), max_length=40, blank=True)
    community = text.KeyField(_("community"), max_length=60, blank=True)
    street = models.CharField(_("street and number"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=12, blank=True)
    is_delivery = models.BooleanField(_("deliveries go here"), default=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["customer"], condition=Q(is_delivery=True), name="address_one_for_deliveries")
        ]
        indexes = [models.Index(fields=["community", "customer"], name="address_community")]

    def __str__(self):
        return "".join([self.province, self.city, self.district, self.community, self.street])


class FamilyMember(models.Model):
    """A member of the customer's family: relation, name, birthday."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="family")
    relation = models.CharField(_("relation"), max_length=20)
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=80, blank=True)
    birth_month = models.PositiveSmallIntegerField(_("month of birth"), null=True, blank=True, validators=MONTHS)
    birth_day = models.PositiveSmallIntegerField(_("day of birth"), null=True, blank=True, validators=DAYS)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("family member")
        verbose_name_plural = _("family")
        ordering = ["pk"]

    def __str__(self):
        return f"{self.relation} {self.name}".strip()


class SafetyNoteQuerySet(models.QuerySet):
    def in_force(self, on: date):
        """Notes that have not been retired."""
        return self.filter(Q(ended_on=None) | Q(ended_on__gt=on))


class SafetyNote(models.Model):
    """An allergy (过敏) or a contra-indication (禁忌) of a customer: the safety line shown wherever she is served.

    The tag is what items are checked against. A note is never deleted: what no longer holds is retired with a date.
    """

    ALLERGY, CONDITION = "allergy", "condition"
    KINDS = [(ALLERGY, _("Allergy")), (CONDITION, _("Contra-indication"))]

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="safety_notes")
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS, default=ALLERGY)
    tag = models.ForeignKey(Tag, models.PROTECT, related_name="safety_notes", verbose_name=_("substance or condition"))
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    noted_on = models.DateField(_("noted on"))
    noted_by = models.ForeignKey("salon.User", models.PROTECT, null=True, related_name="+")
    ended_on = models.DateField(_("no longer since"), null=True, blank=True)

    objects = SafetyNoteQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("safety note")
        verbose_name_plural = _("safety notes")
        ordering = ["kind", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "tag"],
                condition=Q(ended_on=None),
                name="safety_note_once",
                violation_error_message=_("This is noted already."),
            )
        ]

    def __str__(self):
        return self.tag.name
