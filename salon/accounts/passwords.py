"""What no password may be, besides what Django refuses: long, and yet guessed at once."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from salon.text import fold

FEWEST = 5  # different characters
BESIDES = 6  # characters besides a name


class VariedPasswordValidator:
    """Refuses a password of few different characters, blanks not counted: spaces, one key held down, 哈哈哈哈."""

    def validate(self, password, user=None):
        if len(set(fold(password))) < FEWEST:
            raise ValidationError(self.get_help_text(), code="password_not_varied")

    def get_help_text(self):
        return _("Use at least %(n)d different characters; blanks do not count.") % {"n": FEWEST}


def refuse_names(password, names):
    """Raise ValidationError if a password is little else than one of these names, said once or several times."""
    folded = fold(password)
    for name in filter(None, map(fold, names)):
        if name in folded and len(folded.replace(name, "")) < BESIDES:
            raise ValidationError(_("This is little more than a name. Choose something nobody guesses."), code="password_is_name")
