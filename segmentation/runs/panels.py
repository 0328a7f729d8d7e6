"""What tiers put on lower pages: the letter wherever a customer is shown, why on the card, a column and a filter in the list."""

import django_filters as filters
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.card.filters import LIST_FILTERS
from customers.card.list_views import LIST_COLUMNS
from salon import access, panels
from segmentation.runs import explain, ladder
from segmentation.runs.models import SEGMENT_NAMES, TIERS, StudyTier, TierRun, TierSpan


def register():
    """Called once, when the floor is ready."""
    panels.register("customer.badge", "tier", badge, order=10, budget=2)
    panels.register("customer.why", "tier", why, order=10, budget=3)
    panels.register(LIST_COLUMNS, "segment", segment, order=10, budget=2, label=_("Segment"))
    panels.register(LIST_FILTERS, "tier", tier_filters, order=10, budget=0)
    for model in (TierSpan, StudyTier):
        panels.follow_customer(model, "customer", on_merge=panels.KEEP, on_erase=panels.KEEP)


def _current(customers):
    """(the current run, {customer id: span}) in two queries; (None, {}) before the first run."""
    run = TierRun.objects.current()
    if run is None:
        return None, {}
    return run, {span.customer_id: span for span in TierSpan.objects.at(run).filter(customer__in=customers)}


def badge(_actor, customers):
    """The tier letter, for everybody who may see the customer."""
    _run, spans = _current(customers)
    return {pk: span.tier for pk, span in spans.items()}


def segment(actor, customers):
    """The segment, a conclusion from what she spends: for those who may see consumption."""
    if access.visibility(actor, "consumption") != access.FULL:
        return {}
    _run, spans = _current(customers)
    return {pk: panels.Cell(str(SEGMENT_NAMES[span.segment])) for pk, span in spans.items()}


def why(actor, customers):
    """The tier with its figures for managers; for the desk only since when."""
    run, spans = _current(customers)
    if access.visibility(actor, "consumption") != access.FULL:
        return {pk: panels.Why(explain.since(span), "") for pk, span in spans.items()}
    standings = ladder.standings(run, [span.consumption_fen for span in spans.values()]) if spans else {}
    return {pk: _why(run, span, standings[span.consumption_fen]) for pk, span in spans.items()}


def _why(run, span, standing):
    told = explain.explain(run, span, standing)
    url = f"{reverse('tiers:list')}?q={span.customer_id}"
    return panels.Why(explain.since(span), told.text, " ".join(told.keeps), told.scores, url)


def tier_filters(actor, _none):
    """Filters of the customer list: tier, and segment for those who may see consumption."""
    found = {"tier": filters.ChoiceFilter(label=_("Tier"), choices=TIERS, empty_label=_("All"), method=_by("tier"))}
    if access.visibility(actor, "consumption") == access.FULL:
        found["segment"] = filters.ChoiceFilter(
            label=_("Segment"), choices=list(SEGMENT_NAMES.items()), empty_label=_("All"), method=_by("segment")
        )
    return found


def _by(field):
    def chosen(customers, _name, value):
        run = TierRun.objects.current()
        if run is None:
            return customers.none()
        return customers.filter(pk__in=TierSpan.objects.at(run).filter(**{field: value}).values("customer"))

    return chosen
