"""A small history in two branches, with every figure by hand, and the morning after it.

As of 30 June 2026, 12 months, in yuan (visits of the days in brackets):

    静安 甲 6,000 (20 May)                         A, R3 F1 M5, FM3  need attention
         乙 2,000 (10 Jan 100, 10 June 1,900)      A, R4 F5 M4, FM5  champion        C in the run before: up
         丙   500 (3 March)                        C, R1 F1 M2, FM2  hibernating     B in the run before: down
         丁   100 (2 Feb)                          C, R1 F1 M1, FM1  lost
         戊     0 (15 June 2025, 300)              C, lapsed                         C before
    徐汇 己 1,000 (4 April)                        B, R2 F1 M3, FM2  about to sleep  B before
         庚   400 (20 June)                        C, R5 F1 M1, FM1  new             new

T = 10,000, so A begins at 2,000 and B at 1,000; of 静安 alone T = 8,600.
"""

import copy
from types import SimpleNamespace

import pytest
import time_machine

from salon.shop.models import Branch
from segmentation.runs.recompute import recompute
from tests import builders
from tests.segmentation.histories import day, make_customers, make_visits

MORNING_AFTER = "2026-07-01 02:00:00Z"  # ten o'clock in Shanghai


@pytest.fixture
def morning():
    with time_machine.travel(MORNING_AFTER, tick=False) as clock:
        yield clock


@pytest.fixture(scope="module")
def company(module_db):
    """The history with its two runs, made once for a module: names, `before` and `run`. A test asks for `salon`.

    So no test of a module with `salon` may want an empty database: those stand in test_before_the_first_run.py.
    """
    with time_machine.travel(MORNING_AFTER, tick=False):
        branch, other_branch = builders.make_branch(code="JA", name="静安店"), builders.make_branch(code="XH", name="徐汇店")
        here, there = make_customers(branch, "甲乙丙丁戊"), make_customers(other_branch, "己庚")
        rows = [
            ("甲", "2026-05-20", 6_000), ("乙", "2026-01-10", 100), ("乙", "2026-06-10", 1_900), ("丙", "2026-03-03", 500),
            ("丁", "2026-02-02", 100), ("戊", "2025-06-15", 300),
        ]  # fmt: skip
        make_visits(branch, [(here[who], day(on), [yuan * 100]) for who, on, yuan in rows])
        make_visits(
            other_branch,
            [(there[w], day(on), [y * 100]) for w, on, y in (("己", "2026-04-04", 1_000), ("庚", "2026-06-20", 400))],
        )
        before, run = recompute(as_of=day("2026-05-31")), recompute(as_of=day("2026-06-30"))
        return SimpleNamespace(people=here | there, before=before, run=run, here=branch, there=other_branch)


@pytest.fixture
def salon(company, morning, db):
    """The history of `company`; what the test does to it is undone."""
    return copy.deepcopy(company)


def _of_the_company(request, code, name):
    """A branch of the history where the test has it, else a new one."""
    if "salon" in request.fixturenames:
        return Branch.objects.get(code=code)
    return builders.make_branch(code=code, name=name)


@pytest.fixture
def branch(db, request):
    return _of_the_company(request, "JA", "静安店")


@pytest.fixture
def other_branch(db, request):
    return _of_the_company(request, "XH", "徐汇店")


@pytest.fixture
def boss(owner):
    """A client of the owner."""
    return builders.client_of(owner)


@pytest.fixture
def head(manager):
    """A client of the manager of 静安."""
    return builders.client_of(manager)
