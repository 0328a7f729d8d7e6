"""The form that brings a file."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from salon.forms import Form
from salon.shop.models import Branch

MOST_BYTES = 10 * 1024 * 1024
TOO_LARGE = _("The file is larger than 10 MB. Split it, or use the command.")


class UploadForm(Form):
    """A file, for the owner the branch, and whether unknown card numbers become cards."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("Excel (.xlsx, .xls) or CSV, up to 10 MB and 10,000 rows."),
        widget=forms.FileInput(
            # The browser says it before it sends: a server that stops reading is a broken connection to it.
            attrs={"accept": ".xlsx,.xls,.csv,.txt", "data-most-bytes": MOST_BYTES, "data-too-large": TOO_LARGE}
        ),
        error_messages={"empty": _("The file is empty.")},
    )
    branch = forms.ModelChoiceField(Branch.objects.none(), label=_("Branch"), empty_label=None)
    create_customers = forms.BooleanField(label=_("Make a card for each unknown card number"), required=False)

    def __init__(self, *args, kind, actor, **kwargs):
        super().__init__(*args, **kwargs)
        if actor.is_owner:
            self.fields["branch"].queryset = Branch.objects.open()
            self.fields["branch"].initial = actor.branch
        else:
            del self.fields["branch"]
        if not kind.asks_create:
            del self.fields["create_customers"]

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(TOO_LARGE)
        return file
