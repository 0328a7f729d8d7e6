"""Four people walk about the desk at once, over real sockets, and do whatever its pages let them: enter, save late and twice,
undo and enter again, correct, void, let in, move, switch branch. Nothing breaks, and every row is as it must be.
"""

import random
import re

import pytest

from tests import live
from tests.customers.card import filling
from tests.long.test_cards_at_once import at_once

pytestmark = pytest.mark.long

ACTS = "tests.long.test_desk_walk"
PEOPLE = ("receptionist", "manager", "owner", "elsewhere")
STEPS = 70
ENTRY, SEED = "/visits/new/", 20261127


def make_two_branches():
    """A second branch with a person at its desk, items, and customers of both; their ids."""
    from salon.shop.models import Branch
    from tests import builders

    here, there = Branch.objects.get(code="JA"), builders.make_branch(code="XH", name="徐汇店")
    builders.make_staff(branch=there, role="receptionist", name="外店", username="elsewhere")
    items = [builders.make_item(price_fen=38_000).pk for _n in range(3)]
    customers = {branch.pk: [builders.make_customer(branch=branch).pk for _n in range(6)] for branch in (here, there)}
    return {"branches": [here.pk, there.pk], "items": items, "here": customers[here.pk], "there": customers[there.pk]}


def kept(page, **changed):
    """What a page's form sends; an unticked box sends nothing."""
    return {name: value for name, value in filling.inputs(page).items() if value is not None} | changed


class Walker:
    """One person: which pages are still open in some tab, what was stored, and what the server answered."""

    def __init__(self, visitor, role, shop):
        self.visitor, self.role, self.shop = visitor, role, shop
        self.customers = shop["there"] if role == "elsewhere" else shop["here"]
        self.customers = self.customers + (shop["there"] if role == "owner" else [])
        self.chance = random.Random(f"{SEED} {role}")
        self.tabs, self.stored, self.answers = [], [], []
        self.ways = [self.enter, self.let_in, self.go_on, self.move, self.save, self.save, self.undo, self.undo, self.correct]
        self.ways += [self.void] + ([self.switch] if role == "owner" else [])

    def walk(self):
        for _step in range(STEPS):
            self.chance.choice(self.ways)()
        return self

    def ask(self, act, path, data=None):
        page = self.visitor.get(path) if data is None else self.visitor.post(path, data)
        self.answers.append((act, page.status))
        return page

    def open(self, act, path):
        """Open an entry in a tab; True if that is where the address leads."""
        page = self.ask(act, path)
        for _redirect in range(3):
            page = self.ask(act, page.headers["Location"]) if page.status == 302 else page
        is_entry = page.status == 200 and "data-guest-url" in page.text
        self.tabs += [self.filled(kept(page))] if is_entry else []
        return is_entry

    def filled(self, data):
        if not data.get("lines-0-item"):
            data |= {"lines-0-item": self.chance.choice(self.shop["items"]), "lines-0-quantity": "1", "lines-0-minutes": "60"}
        data |= {"lines-0-guest": data.get("lines-0-guest") or "0", "rest": "wechat", "nobody": "1"}
        return data | {"lines-0-price": self.chance.choice(["380", "380", "380", "300"])}

    def enter(self):
        both = [f"customer={pk}" for pk in self.chance.choices(self.customers, k=self.chance.choice([1, 1, 2]))]
        self.open("enter", f"{ENTRY}?{'&'.join(both)}")

    def let_in(self):
        form = kept(self.ask("expect", f"/visits/expected/new/?customer={self.chance.choice(self.customers)}"), here="1")
        asked = self.ask("let in", "/visits/expected/new/", form)
        if codes := re.findall(r'name="acknowledged" value="([^"]+)"', asked.text):
            self.ask("let in", "/visits/expected/new/", form | {"acknowledged": codes})

    def on_board(self):
        return re.findall(r"/visits/(\d+)/move/", self.ask("board", "/visits/today/").text)

    def go_on(self):
        if waiting := self.on_board():
            self.open("go on", f"{ENTRY}?visit={self.chance.choice(waiting)}")

    def move(self):
        if waiting := self.on_board():
            to = self.chance.choice(["cancelled", "in_care", "arrived"])
            self.ask("move", f"/visits/{self.chance.choice(waiting)}/move/", {"to": to})

    def save(self):
        """Save an open tab, an old one too, and go on from what the answer asks for."""
        data = dict(self.chance.choice(self.tabs[-6:])) if self.tabs else None
        for _try in range(4):
            if data is None:
                return
            page = self.ask("save", ENTRY, self.filled(data))
            data = None
            if page.status == 302:
                self.stored.append(re.search(r"\d+", page.headers["Location"])[0])
            elif page.status in (409, 422):
                had = re.search(r'name="lines-0-again" value="(\d+)"', page.text)
                data = kept(page) | ({"lines-0-again": had[1]} if had else {})

    def undo(self):
        if self.stored:
            path = f"/visits/{self.chance.choice(self.stored[-3:])}"
            page = self.ask("saved", f"{path}/saved/")
            if key := re.search(r'/undo/".*?name="operation" value="([^"]+)"', page.text, re.DOTALL):
                undone = self.ask("undo", f"{path}/undo/", {"operation": key[1]})
                if undone.status == 302 and self.open("enter again", undone.headers["Location"]) and self.chance.random() < 0.7:
                    self.save()

    def correct(self):
        if self.stored:
            self.open("correct", f"{ENTRY}?replaces={self.chance.choice(self.stored)}")

    def void(self):
        if self.stored:
            path = f"/visits/{self.chance.choice(self.stored)}/void/"
            page = self.ask("void", path)
            if page.status == 200:
                self.ask("void", path, kept(page, reason="错"))

    def switch(self):
        self.ask("switch", "/shop/branches/switch/", {"branch": self.chance.choice(self.shop["branches"])})


def test_whatever_people_do_at_once_nothing_breaks_and_every_row_is_as_it_must_be():
    with live.running() as salon:
        shop = salon.call(f"{ACTS}:make_two_branches")
        walkers = [Walker(salon.visitor(role), role, shop) for role in PEOPLE]
        at_once(len(walkers), lambda n: walkers[n].walk())
        answers = [answer for walker in walkers for answer in walker.answers]
        assert {act for act, status in answers if status >= 500} == set(), salon.log
        assert ("save", 404) not in answers  # who can open an entry can save it
        assert "Traceback" not in salon.log
        for act, status in (("save", 302), ("save", 409), ("undo", 302), ("move", 302), ("let in", 302)):
            assert answers.count((act, status)) > 5, act
        found = salon.manage("check_data")
        assert found.returncode == 0, found.stdout
        told = {pk for walker in walkers for pk in walker.stored}  # what is saved twice is told twice, and stored once
        assert salon.sql("SELECT COUNT(*) FROM salon_operation WHERE action = 'visit'") == [(len(told),)]
