"""What the database knows of the data directory."""

from django.db import models


class DataDirectory(models.Model):
    """The id of the data directory that belongs to this database, in its one row (salon/storage/data_directory.py)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    number = models.CharField(max_length=40)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_data_directory")]

    def __str__(self):
        return self.number
