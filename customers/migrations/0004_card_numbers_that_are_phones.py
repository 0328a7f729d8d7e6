"""A card number that is a phone of its card is masked and found like that phone; the log knows whole numbers typed."""

from django.db import migrations, models

from salon import text

SHORTEST_PHONE = 7
AT_A_TIME = 500


def mark(apps, schema_editor):
    """Mark the cards whose number is a phone of theirs, and take away the key by which parts of it were found."""
    cards = apps.get_model("customers", "Customer").objects.using(schema_editor.connection.alias)
    rows = cards.exclude(phones=None).order_by("pk").values_list("pk", "card_no", "phones__digits").iterator()
    marked = sorted({pk for pk, card_no, digits in rows if digits and _is_phone(card_no, digits)})
    for start in range(0, len(marked), AT_A_TIME):
        cards.filter(pk__in=marked[start : start + AT_A_TIME]).update(card_is_phone=True, card_key="")


def _is_phone(card_no, digits):
    return len(digits) >= SHORTEST_PHONE and text.phone_digits(card_no) == digits


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_source_label")]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="card_is_phone",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AlterField(
            model_name="accessentry",
            name="action",
            field=models.CharField(
                choices=[
                    ("view", "Card opened"),
                    ("reveal", "Field revealed"),
                    ("guest", "Guest of another branch"),
                    ("export", "Export"),
                    ("find", "Looked up by a whole number"),
                ],
                max_length=10,
                verbose_name="action",
            ),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
