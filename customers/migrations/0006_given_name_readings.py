"""A given name is found by its pinyin, 王娜娜 by nana: two columns, filled for the cards there are, and their indexes."""

from django.db import migrations, models

from salon import text
from salon.database.indexes import LatestFirstIndex

AT_A_TIME = 2_000
LONGEST = 160
TWO_READINGS = models.Q(given_pinyin_alt__isnull=False)
RECENT_KEYS = ("name_key", "pinyin", "initials", "given_pinyin")
PRESENT = models.Q(merged_into=None)


def fill(apps, schema_editor):
    """Give the cards there are the readings of their given names, a few thousand at a time."""
    connection = schema_editor.connection
    cards = apps.get_model("customers", "Customer").objects.using(connection.alias).order_by("pk")
    last = 0
    while part := list(cards.filter(pk__gt=last).values_list("pk", "name")[:AT_A_TIME]):
        last = part[-1][0]
        rows = [(*_readings(name), pk) for pk, name in part]
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE customers_customer SET given_pinyin = %s, given_pinyin_alt = %s WHERE id = %s",
                [row for row in rows if row[0]],
            )


def _readings(name):
    keys = text.name_keys(name)
    return keys.given_pinyin[:LONGEST] or None, keys.given_pinyin_alt[:LONGEST] or None


class Migration(migrations.Migration):
    dependencies = [("customers", "0005_imports_within_reach"), ("salon", "0004_data_directory")]

    operations = [
        migrations.RemoveIndex(model_name="customer", name="customer_branch_last_visit"),
        migrations.RemoveIndex(model_name="customer", name="customer_last_visit"),
        migrations.AddField(
            model_name="customer",
            name="given_pinyin",
            field=text.KeyField(editable=False, max_length=LONGEST, null=True),
        ),
        migrations.AddField(
            model_name="customer",
            name="given_pinyin_alt",
            field=text.KeyField(editable=False, max_length=LONGEST, null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["given_pinyin", "id"], name="customer_given_pinyin"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["given_pinyin_alt", "id"], name="customer_given_pinyin_2", condition=TWO_READINGS),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["branch", "given_pinyin", "id"], name="customer_branch_given_pinyin"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["branch", "given_pinyin_alt", "id"], name="customer_branch_given_2", condition=TWO_READINGS),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=LatestFirstIndex(
                "branch", latest="last_visit_on", name="customer_branch_last_visit", covers=RECENT_KEYS, condition=PRESENT
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=LatestFirstIndex(
                latest="last_visit_on", name="customer_last_visit", covers=RECENT_KEYS, condition=PRESENT
            ),
        ),
    ]
