"""Photos made to hold a server, sent to a real one: everybody else goes on as if nobody had sent them."""

import io
import statistics
import threading
import time

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from salon.photos import pictures
from tests import live, marks, photos
from tests.customers.card import filling

pytestmark = [pytest.mark.long, pytest.mark.alone, marks.once]  # a picture is read before the database is asked anything

ACTS = "tests.long.test_pictures"
SENDERS, ROUNDS, SEARCHES = 8, 3, 60
SENTENCES = ("too many layers", "save in a moment", "took too long")  # the last on a machine that is busy otherwise
SEARCH = "/customers/search/?q=%E5%BC%A0"


def shop():
    """A salon of 300 customers."""
    from salon.shop.models import Branch
    from tests import builders, live_acts

    live_acts.shop()
    for n in range(300):
        builders.make_customer(branch=Branch.objects.get(code="JA"), name=f"张{n:03d}", phone=f"138{n:08d}")


def portraits():
    """How many cards have one."""
    from customers.card.models import Customer

    return Customer.objects.exclude(portrait="").count()


def form(visitor, content, n):
    """The body of a new card with a photo; without content, of one that is refused for its birthday."""
    more = {"photo": photos.upload(content)} if content else {"birth_month": "13"}
    return encode_multipart(BOUNDARY, filling.inputs(visitor.get("/customers/new/")) | {"name": f"顾客{n}"} | more)


def searches(visitor, until):
    """How long each search took, in ms: at least SEARCHES of them, and until `until()`."""
    times = []
    while len(times) < SEARCHES or not until():
        begun = time.perf_counter()
        assert visitor.get(SEARCH).status == 200
        times.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.01)
    return times


def p95(times):
    return statistics.quantiles(times, n=20)[-1]


def attacked(visitor, bodies):
    """(answers to the photos, seconds each took, times of somebody else's searches meanwhile)."""
    answers, took = [], []

    def send(body):
        begun = time.monotonic()
        page = visitor.ask("POST", "/customers/new/", body, {"Content-Type": MULTIPART_CONTENT}, timeout=120)
        took.append(time.monotonic() - begun)
        answers.append(page)

    threads = [threading.Thread(target=send, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    times = searches(visitor, until=lambda: not any(thread.is_alive() for thread in threads))
    for thread in threads:
        thread.join()
    return answers, took, times


def heavy():
    """An honest HEIC as large as one may be, 6 KB: two seconds of work."""
    from pillow_heif import register_heif_opener

    register_heif_opener()
    out = io.BytesIO()
    Image.new("RGB", (6240, 4000), "red").save(out, "HEIF", quality=1)
    return out.getvalue()


@pytest.fixture(scope="module")
def salon():
    with live.running(f"{ACTS}:shop") as salon:
        yield salon


@pytest.mark.parametrize("made", ["layers", "heavy"])
def test_eight_photos_at_once_hold_nobody(salon, made):
    """Refused for their layers, each in a moment; or honest and heavy, and then two are read and six are told to come again.

    Others' search takes at most twice as long as when nobody sends anything.
    """
    content = photos.layered_jpeg(10_000) if made == "layers" else heavy()
    assert len(content) < 110_000
    visitor = salon.visitor("receptionist")
    searches(visitor, until=lambda: True)  # warm
    ratios, plain = [], []
    for n in range(ROUNDS):
        forms = [form(visitor, b"", f"{made}{n}{each}") for each in range(SENDERS)]
        bodies = [form(visitor, content, f"{made}{n}{each}") for each in range(SENDERS)]
        idle = p95(searches(visitor, until=lambda: True))
        refused, _took, beside_forms = attacked(visitor, forms)
        assert [page.status for page in refused] == [422] * SENDERS
        answers, took, times = attacked(visitor, bodies)
        ratios.append(p95(times) / idle)
        plain.append(p95(beside_forms) / idle)
        told = f"search p95 {idle:.0f} ms idle, {p95(beside_forms):.0f} ms beside forms, {p95(times):.0f} ms beside photos"
        print(f"{made}: {told}; photos {max(took):.2f} s")  # noqa: T201
        assert max(took) < 2 * pictures.PATIENCE + 5
        _are_answered(made, answers)
    assert statistics.median(ratios) <= 2, (ratios, plain)


def _are_answered(made, answers):
    statuses = [page.status for page in answers]
    for page in answers:
        if page.status == 422:
            assert any(words in page.text for words in SENTENCES)
            assert "顾客" in page.text  # what was typed
    if made == "layers":
        assert statuses == [422] * SENDERS
        assert all(SENTENCES[0] in page.text for page in answers)
    else:
        assert set(statuses) <= {302, 422}
        assert 1 <= statuses.count(302) <= SENDERS // 2


def test_who_sends_a_photo_afterwards_is_served(salon):
    visitor, before = salon.visitor("receptionist"), salon.call(f"{ACTS}:portraits")
    page = visitor.ask("POST", "/customers/new/", form(visitor, photos.picture(), "后"), {"Content-Type": MULTIPART_CONTENT})
    assert page.status == 302
    assert salon.call(f"{ACTS}:portraits") == before + 1
