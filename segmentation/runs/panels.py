"""What tiers put on lower pages: the letter wherever a customer is shown, why on the card, columns and filters of the list.

Everybody sees the letter. What it rests on is for those who may see what a customer spends (access.VISIBILITY).
"""

import django_filters as filters
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from customers.card.lists.filters import LIST_FILTERS
from customers.card.lists.views import LIST_COLUMNS
from customers.imports.views import NOTES
from salon import panels
from segmentation.runs import explain, ladder
from segmentation.runs.models import SEGMENT_NAMES, TIERS, StudyTier, TierRun, TierSpan

FOR_FIGURES = "consumption"
FEW = 1_000


def register():
    """Called once, when the floor is ready."""
    panels.register("customer.badge", "tier", badge, order=10, budget=1)
    panels.register("customer.why", "tier", why, order=10, budget=3, needs=FOR_FIGURES)
    panels.register(LIST_COLUMNS, "segment", segment, order=10, budget=1, label=_("Segment"), needs=FOR_FIGURES)
    panels.register(LIST_FILTERS, "tier", tier_filter, order=10, budget=0)
    panels.register(LIST_FILTERS, "segment", segment_filter, order=20, budget=0, needs=FOR_FIGURES)
    panels.register(NOTES, "tier", not_counted_yet, order=10, budget=1)
    for model in (TierSpan, StudyTier):
        panels.follow_customer(model, "customer", on_merge=panels.KEEP, on_erase=panels.KEEP)


def not_counted_yet(_actor, imports):
    """Of imports that the current run is older than: whose visits no tier knows yet."""
    current = TierRun.objects.current()
    note = _("Tiers do not know what was stored yet: they are computed each night, up to the day before.")
    return {each.pk: str(note) for each in imports if current is None or current.started_at < each.finished_at}


def _values(field, customers):
    """{customer id: value of a column} in the current run; nothing before the first. One query, by customers alone."""
    return dict(TierSpan.objects.current().filter(customer__in=customers).values_list("customer_id", field))


def badge(_actor, customers):
    """The tier letter, for everybody who may see the customer."""
    return _values("tier", customers)


def segment(_actor, customers):
    """The segment: a conclusion from what she spends."""
    return {pk: panels.Cell(str(SEGMENT_NAMES[name])) for pk, name in _values("segment", customers).items()}


def why(actor, customers):
    """The tier with its figures; of a guest from another branch they stay at home."""
    mine = [each for each in customers if actor.is_owner or each.branch_id == actor.branch.pk]
    run = TierRun.objects.current() if mine else None
    if run is None:
        return {}
    spans = TierSpan.objects.at(run).filter(customer__in=mine)
    of = {span.customer_id: span for span in spans}
    standings = ladder.standings(run, [span.consumption_fen for span in spans])
    return {each.pk: _why(run, each, of[each.pk], standings) for each in mine if each.pk in of}


def _why(run, customer, span, standings):
    told = explain.explain(run, span, standings[span.consumption_fen])
    words = customer.name if customer.card_is_phone else customer.card_no  # a phone stands in no address
    url = f"{reverse('tiers:list')}?{urlencode({'q': words})}"
    flag = str(_("provisional")) if explain.is_provisional(span.first_paid_on, run.as_of) else ""
    return panels.Why(explain.since(span), told.text, " ".join(told.keeps), told.scores, url, flag)


def tier_filter(_actor, _none):
    return {"tier": _choice("tier", TIERS, _("Tier"))}


def segment_filter(_actor, _none):
    return {"segment": _choice("segment", list(SEGMENT_NAMES.items()), _("Segment"))}


def _choice(field, choices, label):
    def chosen(customers, _name, value):
        """Few are looked up by number, which makes any order cheap; of many a page is found soon along the list's order."""
        spans = TierSpan.objects.current().filter(**{field: value})
        ids = list(spans.values_list("customer_id", flat=True)[: FEW + 1])
        return customers.filter(Exists(spans.filter(customer=OuterRef("pk"))) if len(ids) > FEW else Q(pk__in=ids))

    return filters.ChoiceFilter(label=label, choices=choices, empty_label=_("All"), method=chosen)
