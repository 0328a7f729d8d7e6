"""What all forms share: typed text is cleaned before it is validated, and a warning can be overruled."""

from django import forms
from django.utils.translation import gettext_lazy as _

from salon import text

NOTHING = "–"


class CleanText:
    """Mixin for forms: every text field stores clean text (salon/text.py). Passwords stay as typed."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for form_field in self.fields.values():
            if isinstance(form_field, forms.CharField) and not isinstance(form_field.widget, forms.PasswordInput):
                _clean_before(form_field)


def _clean_before(form_field):
    """Make a field clean its text first, so that lengths and required are judged by what would be stored."""
    convert, lines = form_field.to_python, isinstance(form_field.widget, forms.Textarea)

    def to_python(value):
        return convert(text.clean_text(value, lines=lines) if isinstance(value, str) else value)

    form_field.to_python = to_python


class DayInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


class Form(CleanText, forms.Form):
    """Base of all plain forms."""


class ModelForm(CleanText, forms.ModelForm):
    """Base of all model forms. A select of other objects shows a dash where none is chosen."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for form_field in self.fields.values():
            if isinstance(form_field, forms.ModelChoiceField) and form_field.empty_label:
                form_field.empty_label = NOTHING


class WarningsMixin:
    """A form that may say "this looks odd, save anyway?". Call `add_warning` from clean(); the person ticks to overrule.

    What was overruled is named in the form, so a *new* warning asks again.
    """

    ACKNOWLEDGED = "acknowledged"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.warnings = []

    @property
    def acknowledged(self):
        return set(self.data.getlist(self.ACKNOWLEDGED)) if hasattr(self.data, "getlist") else set()

    def add_warning(self, code, message, objects=()):
        """Stop the save with a question, unless this very code was overruled already."""
        if code in self.acknowledged:
            return
        self.warnings.append({"code": code, "message": message, "objects": list(objects)})
        self.add_error(None, forms.ValidationError(_("Please look at the question below."), code="warning"))
