"""Which files of the media folder the database names: rooms declare their columns, and backups and checks ask for all of them."""

from dataclasses import dataclass

from django.conf import settings
from django.db import models

_columns = []


@dataclass(frozen=True)
class Column:
    """A column that holds names of files in a folder below the media folder ("": the media folder itself)."""

    model: type[models.Model]
    field: str
    folder: str

    @property
    def table(self):
        return self.model._meta.db_table

    @property
    def name(self):
        return self.model._meta.get_field(self.field).column

    def path_below(self, value):
        """The path of a named file below the media folder, with /."""
        return f"{self.folder}/{value}" if self.folder else value

    def lost(self, most):
        """The keys of up to `most` rows whose file is not there."""
        named = self.model._base_manager.exclude(**{self.field: ""}).exclude(**{self.field: None})
        gone = []
        for pk, value in named.order_by("pk").values_list("pk", self.field).iterator():
            if not (settings.MEDIA_ROOT / self.path_below(value)).is_file():
                gone.append(pk)
                if len(gone) == most:
                    break
        return gone


def names_files(model, field, folder=""):
    """Declare, from AppConfig.ready, that a column holds names of media files; empty or NULL for none."""
    _columns.append(Column(model, field, folder))


def columns():
    """All Columns that were declared."""
    return tuple(_columns)
