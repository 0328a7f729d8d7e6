"""A page of past days says whether it shows them as they were or as corrected since."""

import pytest

from tests.builders import client_of

CORRECTED = "Past days are shown as corrected since"


@pytest.mark.parametrize("url", ["/visits/", "/visits/?first=2026-01-05&last=2026-01-05", "/reports/", "/reports/?month=2026-01"])
def test_pages_of_past_days_show_them_as_corrected_and_say_so(owner, url):
    page = client_of(owner).get(url)
    assert page.status_code == 200
    assert CORRECTED in page.content.decode()
