"""What every form of the product shares: errors stand in the page, and Ctrl+Enter saves where nothing is taken back."""

import re

import pytest

from customers.card.models import SafetyNote
from tests.builders import actor_of, client_of, make_customer, make_item, make_tag
from tests.catalogues import ROOT
from tests.customers.card import filling

FORM = re.compile(r'<form\b(?P<head>(?:{%(?:(?!%}).)*%}|"[^"]*"|(?!{%)[^>"])*method="post".*?)>(?P<body>.*?)</form>', re.DOTALL)
FILLED = re.compile(r'crispy|as_crispy_field|_section.html|<textarea|<select|<input(?![^>]*type="(?:hidden|radio)")')
ASKING = re.compile(r'<form\b[^>]*method="get"[^>]*>')  # of lists, of a month, of a search
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
TAKES_BACK = {  # void, refund, discard, and what lets somebody in or out
    "void.html",
    "refund.html",
    "_safety.html",  # an allergy that is none
    "safety.html",
    "log_in.html",
    "second_factor.html",
    "second_factor_change.html",
    "second_factor_setup.html",
}
OWN_KEYS = {"entry.html"}  # static/js/visit.js
READS = {"_revealed.html"}  # shows something and stores nothing
FORMS = [
    (path, match["head"], match["body"])
    for path in TEMPLATES
    for match in FORM.finditer(path.read_text(encoding="utf-8"))
    if FILLED.search(match["body"]) or "block fields" in match["body"]
]


def test_the_reader_finds_forms():
    """A control: rules for forms that are not found hold always."""
    names = {path.name for path, _head, _body in FORMS}
    assert {"entry.html", "form.html", "base_shop_form.html", "log_in.html", "_safety_form.html", "void.html"} <= names
    assert len(FORMS) > 12


def test_no_browser_bubble_says_what_is_wrong():
    assert [path.name for path, head, _body in FORMS if "novalidate" not in head] == []
    asking = [(path.name, form[0]) for path in TEMPLATES for form in ASKING.finditer(path.read_text(encoding="utf-8"))]
    assert {"base_list.html", "month.html", "overview.html", "_find.html"} <= {name for name, _form in asking}
    assert [name for name, form in asking if "novalidate" not in form] == []
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "static/js").glob("*.js"))
    assert "reportValidity" not in scripts


def test_of_forms_that_are_sent_without_their_page_one_is_not_kept_the_reason_of_a_reveal():
    """Such a form is no draft (static/js/drafts.js), and the walk of forms passes it; a reason is a line typed for one look."""
    assert {path.name for path, head, _body in FORMS if "hx-post" in head} == READS


def test_ctrl_enter_saves_everywhere_but_where_something_is_taken_back():
    saving = {path.name for path, head, _body in FORMS if "data-saves" in head}
    assert saving.isdisjoint(TAKES_BACK | OWN_KEYS | READS)
    assert {path.name for path, _head, _body in FORMS} - TAKES_BACK - OWN_KEYS - READS == saving


def test_questions_are_announced_once_and_above_them(receptionist, branch):
    desk = client_of(receptionist)
    tag, card = make_tag("果酸"), make_customer(branch=branch, name="张晓梅")
    SafetyNote.objects.create(customer=card, tag=tag, noted_on=actor_of(receptionist).today)
    items = [make_item(tags=[tag]).pk for _n in range(2)]
    plan = {"customer": card.pk, "on": actor_of(receptionist).today.isoformat(), "channel": "phone", "items": items}
    asked = {
        "plan": desk.post("/visits/expected/new/", plan),
        "card": filling.send(desk, "/customers/new/", {"name": "张晓梅", "phones-0-number": "123"}),
    }
    for name, response in asked.items():
        text = response.content.decode()
        assert (response.status_code, text.count('class="question"')) == (422, 2), name
        assert text.count("look at the questions below") == 1, name
        assert text.index("look at the questions below") < text.index('class="question"'), name
        assert not re.search('class="alert alert-(warning|danger)"', text), name
    codes = [each["code"] for each in asked["plan"].context["form"].warnings]
    wrong = desk.post("/visits/expected/new/", plan | {"acknowledged": codes, "at": "x"}).content.decode()
    assert ("below" in wrong, "this first" in wrong, "invalid-feedback" in wrong) == (False, False, True)


def test_what_is_refused_is_said_at_its_field(client, receptionist, branch):
    desk, card = client_of(receptionist), make_customer(branch=branch, name="张晓梅")
    safety = filling.inputs(desk.get(f"/customers/{card.pk}/"), "substance") | {"substance": ""}
    answers = [
        filling.send(desk, "/customers/new/", {"name": ""}),
        desk.post(f"/customers/{card.pk}/safety/add/", safety),
        desk.post("/account/password/", {}),
        client.post("/login/", {"username": "", "password": ""}),
    ]
    assert [response.status_code for response in answers] == [422] * len(answers)
    assert ['aria-invalid="true"' in response.content.decode() for response in answers] == [True] * len(answers)


@pytest.mark.parametrize(("sent", "is_said"), [({}, False), ({"reason": " "}, True)])
def test_a_reason_that_is_missing_is_asked_for_in_the_page(manager, branch, sent, is_said):
    card = make_customer(branch=branch, name="张晓梅")
    response = client_of(manager).post(f"/customers/{card.pk}/reveal/", {"field": "health"} | sent)
    assert response.status_code == 422
    assert ("Give a reason." in response.content.decode()) is is_said
