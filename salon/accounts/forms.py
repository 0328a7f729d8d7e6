"""Forms of one's own log-in. Passwords are taken as typed; user names in one spelling."""

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from salon.accounts.models import User
from salon.accounts.passwords import refuse_names
from salon.forms import DAMAGED, Form, ModelForm, is_damaged

PASSWORD_LENGTH = 128  # longer is only work for the hasher


class UserNameField(forms.CharField):
    """A user name in the spelling it is stored in."""

    widget = forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"})

    def __init__(self, **kwargs):
        super().__init__(label=_("User name"), max_length=60, **kwargs)

    def clean(self, value):
        return User.normalize_username(super().clean(value))


class PasswordField(forms.CharField):
    """A password, as typed: no blank at its end is lost."""

    def __init__(self, *, label, autocomplete, **kwargs):
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        super().__init__(label=label, strip=False, max_length=PASSWORD_LENGTH, widget=widget, **kwargs)


class LogInForm(Form):
    username = UserNameField()
    password = PasswordField(label=_("Password"), autocomplete="current-password")


class CodeForm(Form):
    """A code of the authenticator app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false", "autofocus": True}
        ),
    )


class AppCodeForm(CodeForm):
    """A code of the authenticator app that is being paired."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("The six digits the app shows")
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autofocus": False}


class NewPasswordForm(Form):
    """A new password, twice, judged by the password rules for `user`, whom colleagues know as `name`."""

    password = PasswordField(
        label=_("New password"),
        autocomplete="new-password",
        help_text=_("At least 12 characters. Three or four words you remember are better than one with symbols."),
    )
    again = PasswordField(label=_("New password again"), autocomplete="new-password")

    def __init__(self, *args, user, name, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.name = user, name

    def clean(self):
        cleaned = super().clean()
        password = cleaned.get("password")
        if password and cleaned.get("again") and password != cleaned["again"]:
            self.add_error("again", _("The two passwords differ."))
        if password:
            self._judge(password, self._judged_for(cleaned))
        return cleaned

    def _judge(self, password, user):
        try:
            if is_damaged(password):  # two that differ would be stored as one
                raise ValidationError(DAMAGED)
            password_validation.validate_password(password, user)
            refuse_names(password, [user.username, self.name])
        except ValidationError as error:
            self.add_error("password", error)

    def _judged_for(self, cleaned):
        """Whose name the password must not resemble."""
        return self.user


class JoinForm(NewPasswordForm):
    """User name and password of somebody who logs in for the first time."""

    username = UserNameField(help_text=_("Letters, digits and . - _ only; it is not changed later."))
    field_order = ["username", "password", "again"]

    def clean_username(self):
        username = self.cleaned_data["username"]
        User._meta.get_field("username").run_validators(username)
        if User.objects.filter(username=username).exists():
            raise ValidationError(_("This user name is taken."))
        return username

    def _judged_for(self, cleaned):
        return User(username=cleaned.get("username") or "")


class ChangePasswordForm(NewPasswordForm):
    """A new password in place of the old one. The view checks the old one, so that wrong ones are counted."""

    old = PasswordField(label=_("Present password"), autocomplete="current-password")
    field_order = ["old", "password", "again"]


class OwnPasswordForm(Form):
    """The password once more, before something that somebody at an open screen must not do."""

    password = PasswordField(label=_("Your password"), autocomplete="current-password")


class SecondFactorForm(OwnPasswordForm):
    """Another phone, or new recovery codes in place of the sheet the page knows of."""

    sheet = forms.IntegerField(required=False, widget=forms.HiddenInput)


class AccountForm(ModelForm):
    """Language and appearance."""

    class Meta:
        model = User
        fields = ["language", "theme"]
        labels = {"language": _("Language"), "theme": _("Appearance")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Each language in its own words, so that whoever cannot read the present one finds the own.
        local = [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]
        self.fields["language"].choices = [("", _("As this browser last chose")), *local]
        self.fields["theme"].choices = [("", _("As the device")), *self.fields["theme"].choices[1:]]
