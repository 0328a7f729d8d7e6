"""`serve` as a process: starts, answers, refuses to start in one sentence, and stops without dropping anybody."""


def test_serves_pages_and_healthz(live_salon):
    page = live_salon.visitor().get("/healthz/")
    assert (page.status, page.json()) == (200, {"status": "ok"})
    assert "Traceback" not in live_salon.log
