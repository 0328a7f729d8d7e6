"""Sending files to the import pages, as a browser does."""

import re
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from customers.imports import services
from customers.imports.models import ImportRun
from salon import operations
from tests import builders


def key_of(response):
    return re.search(r'name="operation" value="([^"]+)"', response.content.decode())[1]


def send(client, text, kind="visits", name="客户 记录.csv", **fields):
    url = f"/customers/imports/new/{kind}/"
    key = key_of(client.get(url))
    file = SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())
    return client.post(url, {"operation": key, "file": file, **fields})


@dataclass
class Browser:
    """A person at the import pages. `finish` does the work that waits, `capture` runs what waits for the commit."""

    staff: Any
    finish: Any
    capture: Any
    client: Any = None

    def __post_init__(self):
        self.client = self.client or builders.client_of(self.staff)

    def bring(self, text, **fields):
        """Send a file and have it read; returns the ImportRun."""
        with self.capture(execute=True):
            assert send(self.client, text, **fields).status_code == 302
        self.finish()
        return ImportRun.objects.latest("pk")

    def confirm(self, run):
        """Store what was read."""
        with self.capture(execute=True):
            key = operations.new_key(self.staff.user, services.STORE)
            response = self.client.post(f"{run.get_absolute_url()}store/", {"operation": key})
        self.finish()
        run.refresh_from_db()
        return response

    def page(self, run):
        return self.client.get(run.get_absolute_url()).content.decode()

    def refused(self, run):
        """The table of refused rows, as text."""
        return b"".join(self.client.get(f"{run.get_absolute_url()}refused.csv").streaming_content).decode("utf-8-sig")
