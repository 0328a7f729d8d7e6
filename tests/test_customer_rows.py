"""Every row that reaches a customer is declared, so that none is forgotten when cards are merged or erased."""

import pytest
from django.apps import apps
from django.db import models

from customers.card.models import Customer
from salon import panels


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
def test_a_declaration_says_the_truth(label):
    """Its path leads to a customer, its acts are known, and what is blanked can be blank."""
    row, model = panels.customer_rows()[label], apps.get_model(label)
    assert row.on_merge in (panels.MOVE, panels.KEEP)
    assert row.on_erase in (panels.KEEP, panels.DELETE, panels.BLANK)
    assert bool(row.personal) == (row.on_erase == panels.BLANK)
    for name in row.personal:
        assert model._meta.get_field(name).empty_strings_allowed or model._meta.get_field(name).null
    if not _numbers_a_customer(model) or _leads_to_customer(model, row.through):
        assert _leads_to_customer(model, row.through), f"{label}: {row.through}"


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
