"""The first entry in the change history of every card: made on its card date. One statement per table."""

from django.db import connection

from customers.card.models import Address, Customer, FamilyMember, Phone, SafetyNote

OF_A_HISTORY = {"history_id", "history_date", "history_change_reason", "history_type", "history_user"}


def record_origins(place):
    """Write a "created" entry for each card of a branch, its phones, addresses, family and safety notes, by its front desk.

    Later changes can then be shown beside what stood there before.
    """
    for model in (Customer, Phone, Address, FamilyMember, SafetyNote):
        _record(model, place)


def _record(model, place):
    history, quoted = model.history.model, connection.ops.quote_name
    kept = [quoted(field.column) for field in history._meta.concrete_fields if field.name not in OF_A_HISTORY]
    key = "id" if model is Customer else "customer_id"
    statement = (
        f"INSERT INTO {quoted(history._meta.db_table)} ({', '.join(kept)}, history_date, history_type, history_user_id) "  # noqa: S608
        f"SELECT {', '.join(f'kept.{column}' for column in kept)}, card.created_at, '+', CAST(%s AS integer) "
        f"FROM {quoted(model._meta.db_table)} kept JOIN {quoted(Customer._meta.db_table)} card ON card.id = kept.{key} "
        "WHERE card.branch_id = %s ORDER BY kept.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [place.desk_user, place.id])
