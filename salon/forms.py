"""What all forms share: typed text is cleaned before it is validated, values have bounds, and a warning can be overruled."""

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from salon import text
from salon.dates import FIRST_DAY, LAST_DAY

NOTHING = "–"
REPLACED = "\ufffd"  # stands for what could not be read: bytes that are no UTF-8, half of a character
DAMAGED = _("Some signs in this arrived damaged. Type it again.")
GREATEST = 2**63 - 1  # what a column holds; a number beyond it is an error of the database, not of the form
LONGEST_ID = 18  # digits


def sent_number(value, *, digits):
    """The whole number of at most so many digits out of what a form or an address sent; None for what is none."""
    sent = str(value or "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) <= digits else None


def sent_id(value):
    """The id of a row out of what a form or an address sent; None for what cannot be one."""
    return sent_number(value, digits=LONGEST_ID)


def is_damaged(value, before=None):
    """True for a text that came with signs nobody could read, unless the text it is to replace had some."""
    return isinstance(value, str) and REPLACED in value and REPLACED not in str(before or "")


class CleanInput:
    """Mixin for forms: every text field stores clean text (salon/text.py), passwords stay as typed; every day is of our time,
    and every whole number one that a column holds.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for form_field in self.fields.values():
            if isinstance(form_field, forms.CharField) and not isinstance(form_field.widget, forms.PasswordInput):
                _clean_before(form_field)
            elif isinstance(form_field, forms.DateField):
                out_of_time = _("Enter a day between %(first)s and %(last)s.") % {"first": FIRST_DAY.year, "last": LAST_DAY.year}
                _keep_between(form_field, FIRST_DAY, LAST_DAY, out_of_time)
            elif type(form_field) is forms.IntegerField:
                _keep_between(form_field, -GREATEST, GREATEST, form_field.error_messages["invalid"])

    def _clean_form(self):
        """No text is stored in part: what arrived damaged is refused at its field."""
        for name, value in list(self.cleaned_data.items()):
            is_secret = isinstance(self.fields[name].widget, forms.PasswordInput)
            if not is_secret and is_damaged(value, self.get_initial_for_field(self.fields[name], name)):
                self.add_error(name, DAMAGED)
        super()._clean_form()


def _clean_before(form_field):
    """Make a field clean its text first, so that lengths and required are judged by what would be stored."""
    convert, lines = form_field.to_python, isinstance(form_field.widget, forms.Textarea)

    def to_python(value):
        return convert(text.clean_text(value, lines=lines) if isinstance(value, str) else value)

    form_field.to_python = to_python


def _keep_between(form_field, first, last, message):
    limits = [MinValueValidator(first, message), MaxValueValidator(last, message)]
    form_field.validators = [*form_field.validators, *limits]


class SeveralField(forms.ModelMultipleChoiceField):
    """A choice of several rows by their ids. Django's own asks the database for an id of any length, which SQLite cannot read."""

    def _check_values(self, value):
        if any(len(str(pk)) > LONGEST_ID for pk in value):
            raise forms.ValidationError(self.error_messages["invalid_pk_value"], code="invalid_pk_value", params={"pk": "…"})
        return super()._check_values(value)


class DayInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


class Form(CleanInput, forms.Form):
    """Base of all plain forms."""


class ModelForm(CleanInput, forms.ModelForm):
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
        if not self.warnings:
            self.add_error(None, forms.ValidationError(_("Please look at this first"), code="warning"))
        self.warnings.append({"code": code, "message": message, "objects": list(objects)})

    def other_errors(self):
        """What is wrong with the form as a whole, in words; that there are questions, the page says where they stand."""
        found = self.non_field_errors().as_data()
        return [message for error in found if error.code != "warning" for message in error.messages]
