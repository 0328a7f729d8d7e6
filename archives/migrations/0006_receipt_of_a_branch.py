from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('archives', '0005_identified_visit'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='bill',
            name='bill_receipt',
        ),
        migrations.AddIndex(
            model_name='bill',
            index=models.Index(fields=['receipt_no', 'branch'], name='bill_receipt'),
        ),
    ]
