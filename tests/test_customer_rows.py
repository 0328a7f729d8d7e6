"""Every row that reaches a customer is declared, so that none is forgotten when cards are merged or erased."""

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import F

from archives.visits.models import SafetyOverride
from customers.card.models import Customer
from salon import panels
from tests import builders
from tests.archives.visits.recording import LineEntry, record


def reaches_customer():
    """Every model from which foreign keys lead to Customer, over however many tables; history models are told apart.

    A history model is erased and merged together with the row whose history it keeps, so it needs no declaration of its own;
    `history_of` is that rule, and test_histories_follow_their_rows holds it.
    """
    reached, grown = {Customer}, True
    while grown:
        grown = False
        for model in apps.get_models():
            targets = {field.related_model for field in model._meta.get_fields() if _leads_on(field)}
            if model not in reached and targets & reached and not history_of(model):
                reached.add(model)
                grown = True
    return reached - {Customer}


def _leads_on(field):
    return isinstance(field, (models.ForeignKey, models.ManyToManyField))


def history_of(model):
    """The model whose history this one keeps, or None."""
    return getattr(model, "instance_type", None)


def test_every_row_of_a_customer_is_followed():
    """A model that reaches a customer and is not declared would be forgotten when cards are merged or erased."""
    undeclared = {model._meta.label for model in reaches_customer()} - set(panels.customer_rows())
    assert undeclared == set()


def test_nothing_is_followed_that_reaches_no_customer():
    by_number = {label for label in panels.customer_rows() if _numbers_a_customer(apps.get_model(label))}
    assert set(panels.customer_rows()) - by_number <= {model._meta.label for model in reaches_customer()}


def _numbers_a_customer(model):
    """True for rows that name a customer, or a row that does, by number only: the access log stays when a card goes."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    numbered = "customer_id" in fields and not isinstance(fields["customer_id"], models.ForeignKey)
    parents = [field.related_model for field in fields.values() if isinstance(field, models.ForeignKey)]
    return numbered or any("customer_id" in {f.attname for f in parent._meta.concrete_fields} for parent in parents)


@pytest.mark.parametrize("label", sorted(panels.customer_rows()))
def test_a_declaration_says_the_truth(label, db):
    """Its path leads to a customer, its acts are known, and what is blanked can be blank: no CHECK and no UNIQUE forbids it."""
    row, model = panels.customer_rows()[label], apps.get_model(label)
    assert row.on_merge in (panels.MOVE, panels.KEEP)
    assert row.on_erase in (panels.KEEP, panels.DELETE, panels.BLANK)
    assert bool(row.personal) == (row.on_erase == panels.BLANK)
    for name in row.personal:
        field = model._meta.get_field(name)
        assert isinstance(field, models.CharField | models.TextField), f"{label}.{name} is no text"
        assert not field.unique, f"two rows of {label} cannot both be blank"
        assert name not in unique_fields(model), f"two rows of {label} cannot both be blank"
    assert [
        c.name for c in checks(model, row.personal) if not c.condition.check(dict.fromkeys(row.personal, panels.ERASED))
    ] == []
    if not _numbers_a_customer(model) or _leads_to_customer(model, row.through):
        assert _leads_to_customer(model, row.through), f"{label}: {row.through}"


def unique_fields(model):
    """The columns of a model's UNIQUE constraints; of one over an expression, those it names."""
    constraints = [c for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    named = {name for c in constraints for name in c.fields}
    return named | {each.name for c in constraints for e in c.expressions for each in e.flatten() if isinstance(each, F)}


def checks(model, names):
    """The CHECK constraints that speak of any of these columns."""
    constraints = [c for c in model._meta.constraints if isinstance(c, models.CheckConstraint)]
    return [c for c in constraints if {path[0].split("__")[0] for path in leaves(c.condition)} & set(names)]


def leaves(condition):
    for child in condition.children:
        yield from leaves(child) if isinstance(child, models.Q) else [child]


@pytest.mark.parametrize("label", sorted(panels.customer_rows()))
def test_what_can_meet_when_cards_are_merged_is_declared(label):
    """A UNIQUE over the customer's column: the rows of two cards may break it when they come together."""
    row, model = panels.customer_rows()[label], apps.get_model(label)
    unique = [c for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    meeting = {c.name for c in unique if row.through in c.fields} if row.on_merge == panels.MOVE else set()
    assert set(row.meets) == meeting


def test_a_reason_that_must_not_be_empty_can_be_erased(receptionist, customer):
    """As the declarations say it, on a row: the control of the test above, which asks the constraints alone."""
    actor, tag = builders.actor_of(receptionist), builders.make_tag("果酸")
    bill = record(actor, customer, LineEntry(item=builders.make_item(), unit_price_fen=100))
    override = SafetyOverride.objects.create(
        line=bill.visits.get().lines.get(), tag=tag, reason="试过，没事", by=receptionist.user, at=actor.now
    )
    (name,) = panels.customer_rows()["archives.SafetyOverride"].personal
    SafetyOverride.objects.filter(pk=override.pk).update(**{name: panels.ERASED})
    with pytest.raises(IntegrityError), transaction.atomic():
        SafetyOverride.objects.filter(pk=override.pk).update(**{name: ""})


def _leads_to_customer(model, through):
    for step in through.split("__"):
        field = next((f for f in model._meta.get_fields() if f.name == step), None)
        if field is None or field.related_model is None:
            return False
        model = field.related_model
    return model is Customer


def test_histories_follow_their_rows():
    """What keeps the history of a row that reaches a customer is found from it, and names the same row by number."""
    histories = [model for model in apps.get_models() if history_of(model)]
    followed = [model for model in histories if history_of(model) in reaches_customer() | {Customer}]
    assert Customer in map(history_of, followed)
    for model in followed:
        own = history_of(model)
        assert own.history.model is model
        assert any(field.name == own._meta.pk.name for field in model._meta.concrete_fields)
