"""What the manager's browser tests meet in the salon's database: a history of visits, and two runs over it."""

from datetime import timedelta

from django.utils import timezone

from salon.dates import business_date
from salon.shop.models import Branch
from segmentation.runs.recompute import recompute
from tests import live_acts
from tests.segmentation.histories import make_customers, make_visits

SPENT = {"张晓梅": 6_000, "李婷": 2_000, "周雅琴": 1_000, "沈佩": 600, "曾莉": 300, "梅兰": 100}  # yuan, 30 days ago


def shop():
    """A person of each role, six customers of whom two are A, and yesterday's tiers."""
    live_acts.shop()
    branch, today = Branch.objects.get(code="JA"), business_date(timezone.now())
    people = make_customers(branch, SPENT)
    visited = today - timedelta(days=30)
    make_visits(branch, [(people[name], visited, [100 * yuan]) for name, yuan in SPENT.items()])
    recompute(as_of=today - timedelta(days=8))
    recompute(as_of=today - timedelta(days=1))
