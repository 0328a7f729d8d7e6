"""Messages of Django that our catalogues carry: those it leaves untranslated, and those people meet at the desk every day.

Nothing imports this; makemessages reads it.
"""

from django.utils.translation import gettext_noop, ngettext_lazy

REQUIRED = gettext_noop("This field is required.")
DATE = gettext_noop("Enter a valid date.")
TIME = gettext_noop("Enter a valid time.")
WHOLE_NUMBER = gettext_noop("Enter a whole number.")
NUMBER = gettext_noop("Enter a number.")
CHOICE = gettext_noop("Select a valid choice. %(value)s is not one of the available choices.")
OBJECT = gettext_noop("Select a valid choice. That choice is not one of the available choices.")
AT_MOST = gettext_noop("Ensure this value is less than or equal to %(limit_value)s.")
AT_LEAST = gettext_noop("Ensure this value is greater than or equal to %(limit_value)s.")
TOO_SHORT = ngettext_lazy(
    "This password is too short. It must contain at least %d character.",
    "This password is too short. It must contain at least %d characters.",
    12,
)
TOO_LONG = ngettext_lazy(
    "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
    "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
    12,
)
