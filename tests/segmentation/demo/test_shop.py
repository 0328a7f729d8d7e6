"""Who serves in the demo salon: the same person, or somebody who does the same."""

from types import SimpleNamespace

from segmentation.demo.basket import Basket
from segmentation.demo.shop import NEVER, Place, Worker


def worker(pk, department, since=1, until=NEVER):
    return Worker(id=pk, department=department, since=since, until=until, user=None)


def test_at_another_branch_she_is_served_by_somebody_who_does_the_same():
    place = Place(id=1, code="XH", weight=1, workers=[worker(1, "face"), worker(2, "body"), worker(3, "body")])
    assert [place.like(worker(9, department)).id for department in ("face", "body", "nails")] == [1, 2, 1]


def test_after_a_leave_taking_a_colleague_of_the_department_takes_over_or_any():
    gone, face, body = worker(1, "face", until=50), worker(2, "face", since=40), worker(3, "body")
    place = Place(id=1, code="XH", weight=1, workers=[gone, face, body])
    assert [place.successor(gone, day, key=0).id for day in (49, 50)] == [1, 2]
    assert [place.successor(worker(4, "nails", until=50), 60, key=key).id for key in (0, 1, 2)] == [2, 3, 2]
    assert [each.id for each in place.working(39)] == [1, 3]


def test_where_nobody_of_a_department_works_that_day_the_others_do_it():
    place = Place(id=1, code="XH", weight=1, workers=[worker(1, "face"), worker(2, "body", until=50)])
    salon = SimpleNamespace(services=[SimpleNamespace(department=each) for each in ("face", "body")])
    basket = Basket(salon, place, None, SimpleNamespace(of_passers_by=lambda: (None, None)), None)
    on_duty = []
    for ordinal in (49, 50):
        basket.start(SimpleNamespace(ordinal=ordinal))
        on_duty.append({department: [each.id for each in workers] for department, workers in basket._on_duty.items()})
    assert on_duty == [{"face": [1], "body": [2]}, {"face": [1], "body": [1]}]
