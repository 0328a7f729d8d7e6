"""A copy of the database that is behind: what reads it says as of when."""

from datetime import timedelta

from django.utils import timezone

from salon.database import replica
from tests import workbooks

AS_OF = timezone.now() - timedelta(minutes=3)


def lag(monkeypatch):
    """From now on there is a copy, three minutes behind; what is read of it comes from the one database there is."""
    behind = replica.Standing(as_of=AS_OF, behind=timedelta(minutes=3))
    monkeypatch.setattr(replica, "has_copy", lambda: True)
    monkeypatch.setattr(replica, "standing", lambda: behind)


def was_read(answer):
    """True if a page, or a workbook, was read from the copy: it says as of when."""
    if hasattr(answer, "worksheets"):
        shown = timezone.localtime(AS_OF).strftime("%Y-%m-%d %H:%M:%S")
        return shown in [cell for row in workbooks.rows(answer.worksheets[-1]) for cell in row]
    return answer.context["read_as_of"] == AS_OF
