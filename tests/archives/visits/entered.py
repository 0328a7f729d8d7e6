"""Entries stored, undone and entered again, in few words."""

import html
import uuid

from archives.visits.models import Visit
from archives.visits.undo import services as undo
from tests import builders
from tests.customers.card.filling import inputs

ENTRY = "/visits/new/"


def store(client, data):
    """Store what a page sends; the visit it made."""
    response = client.post(ENTRY, data)
    assert response.status_code == 302, [text for text in text_of(response).splitlines() if "invalid-feedback" in text]
    return Visit.objects.get(pk=response["Location"].split("/")[2])


def undo_now(person, visit):
    """Undone by who stored it, this moment; the address of its entry."""
    return undo.undo_bill(actor=builders.actor_of(person), key=uuid.uuid4(), bill=visit.bill)


def again(response, **changed):
    """What the page of an entry sends, with what was changed in it."""
    return inputs(response) | changed


def text_of(response):
    return html.unescape(response.content.decode())


def sent_line(item, **fields):
    given = {"guest": "0", "item": str(item.pk), "quantity": "1", "price": "380", "minutes": "60"} | fields
    return {"rest": "wechat", "nobody": "1"} | {f"lines-0-{name}": value for name, value in given.items()}


def waiting_now(visit):
    visit.refresh_from_db()
    return visit
