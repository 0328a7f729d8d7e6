"""Which visits came out of a file, and what the file said of them."""

from django.db import models

from archives.visits.models import Visit
from customers.imports.models import ImportRun


class ImportedVisit(models.Model):
    """A visit that was imported. `content` is a digest of its rows: the same again is skipped, other content refused."""

    visit = models.OneToOneField(Visit, models.PROTECT, primary_key=True, related_name="imported")
    run = models.ForeignKey(ImportRun, models.PROTECT, related_name="visits")
    content = models.CharField(max_length=32)

    def __str__(self):
        return f"{self.visit_id} from {self.run_id}"
