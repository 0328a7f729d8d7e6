"""Every installation begins with a branch, so that files can be imported before anybody has logged in."""

from django.conf import settings
from django.db import migrations

NAMES = {"zh-hans": "总店", "zh-hant": "總店"}


def make_branch(apps, schema_editor):
    branches = apps.get_model("salon", "Branch").objects.using(schema_editor.connection.alias)
    if not branches.exists():
        branches.create(code="main", name=NAMES.get(settings.LANGUAGE_CODE, "Main branch"))


class Migration(migrations.Migration):
    dependencies = [("salon", "0001_initial")]

    operations = [migrations.RunPython(make_branch, migrations.RunPython.noop)]
