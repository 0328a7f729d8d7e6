"""Pages of one's own log-in: coming in, the second factor, one-time links, account, password, language, leaving."""

import math
import time

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login as otp_login

from salon import access, errors, text
from salon.accounts import lockout, services
from salon.accounts import second_factor as factor
from salon.accounts.backend import is_asked_for_second_factor, role_of
from salon.accounts.forms import (
    AccountForm,
    AppCodeForm,
    ChangePasswordForm,
    CodeForm,
    JoinForm,
    LogInForm,
    NewPasswordForm,
    SecondFactorForm,
)
from salon.accounts.models import Invitation, User, token_digest
from salon.links import way_on
from salon.middleware import SEEN, SINCE

BACKEND = "salon.accounts.backend.StaffBackend"
PAIRING = "pairing"  # session: the secret of an app that is being paired
form_page = require_http_methods(["GET", "HEAD", "POST"])


def _sent(request):
    """What a form is bound to: nothing while the page is only shown."""
    return request.POST if request.method == "POST" else None


def _refill(request, template, context):
    """The form again with what was typed and what is wrong with it."""
    return render(request, template, context, status=422)


# --- Coming in --------------------------------------------------------------------------------------------------------


@login_not_required
@sensitive_post_parameters()
@form_page
def log_in(request):
    """User name and password. Wrong ones are counted, and cost a wait that rises (salon/accounts/lockout.py)."""
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(way_on(request))
        return render(request, "accounts/log_in.html", _log_in_context(request, LogInForm()))
    form = LogInForm(request.POST)
    user = authenticate(request, **form.cleaned_data) if form.is_valid() else None
    if role_of(user):
        _start_session(request, user)
        return lockout.remember(request, redirect(way_on(request)), user)
    if user:
        form.add_error(None, _("The password is right, but you are not on the staff list. Ask your manager."))
    elif form.is_valid():
        form.add_error(None, _("User name or password is wrong."))
    return _refill(request, "accounts/log_in.html", _log_in_context(request, form))


def _log_in_context(request, form):
    return {"form": form, "next": way_on(request), "is_demo": User.objects.filter(is_demo=True).exists()}


def _start_session(request, user):
    """Log in under a new session key; the working day of the session begins now."""
    login(request, user, backend=BACKEND)
    request.session[SINCE] = request.session[SEEN] = int(time.time())


def locked_out(request, response=None, credentials=None):
    """What django-axes answers during a wait: 429, the same for right and wrong passwords, known and unknown names."""
    return _locked_page(request, lockout.wait(request, credentials))


def _locked_page(request, left):
    seconds = max(1, math.ceil(left.total_seconds()))
    if seconds <= 60:
        number, message = seconds, ngettext(
            "Too many wrong attempts. Wait %(n)d second, or ask your manager to unlock you.",
            "Too many wrong attempts. Wait %(n)d seconds, or ask your manager to unlock you.",
            seconds,
        )  # fmt: skip
    else:
        number = math.ceil(seconds / 60)
        message = ngettext(
            "Too many wrong attempts. Wait %(n)d minute, or ask your manager to unlock you.",
            "Too many wrong attempts. Wait %(n)d minutes, or ask your manager to unlock you.",
            number,
        )
    return errors.page(request, 429, _("Locked for a while"), message % {"n": number}, retry_after=seconds, framed=False)


@require_POST
def log_out(request):
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


# --- The second factor ------------------------------------------------------------------------------------------------


@sensitive_post_parameters()
@form_page
def second_factor(request):
    """Managers and owners: a code of the app, or a recovery code."""
    if not request.actor.needs_second_factor:
        return redirect(way_on(request))
    device = factor.device_of(request.user)
    if device is None:
        return redirect("second_factor_setup")
    form = CodeForm(_sent(request))
    context = {"form": form, "next": way_on(request)}
    if request.method != "POST":
        return render(request, "accounts/second_factor.html", context)
    kind = None
    if form.is_valid():
        try:
            kind = factor.verify(user=request.user, code=form.cleaned_data["code"], now=request.actor.now)
        except factor.Locked as lock:
            return _locked_page(request, lock.until - request.actor.now)
        if kind is None:
            form.add_error("code", _("This code is wrong, or it was used already."))
    if kind is None:
        return _refill(request, "accounts/second_factor.html", context)
    _is_verified_now(request, device)
    if kind == factor.RECOVERY:
        _say_how_many_codes_are_left(request)
    return redirect(way_on(request))


def _is_verified_now(request, device):
    otp_login(request, device)
    request.session.cycle_key()


def _say_how_many_codes_are_left(request):
    left = factor.recovery_codes_left(request.user)
    message = ngettext("Recovery code used; %(n)d is left.", "Recovery code used; %(n)d are left.", left) % {"n": left}
    messages.warning(request, message)


@sensitive_post_parameters()
@form_page
def second_factor_setup(request):
    """Pair an app: the first time, or, with the password once more, another phone or new recovery codes."""
    if not is_asked_for_second_factor(request.user, request.actor.role):
        return redirect("account")
    device = factor.device_of(request.user)
    if device and request.actor.needs_second_factor:
        return redirect("second_factor")
    if device and PAIRING not in request.session:
        return _change_second_factor(request, device)
    return _pair(request, device)


def _pair(request, device):
    if "cancel" in request.POST and device:
        del request.session[PAIRING]
        return redirect("second_factor_setup")
    # The secret waits in the session, so that a page loaded again still shows the code the phone has read.
    secret = request.session.setdefault(PAIRING, factor.new_secret())
    form = AppCodeForm(_sent(request))
    if form.is_valid():
        try:
            paired = factor.set_up(user=request.user, secret=secret, code=form.cleaned_data["code"])
        except factor.ShownBefore as shown:
            del request.session[PAIRING]
            messages.warning(request, str(shown))
            return redirect("second_factor_setup")
        if paired:
            device, codes = paired
            del request.session[PAIRING]
            _is_verified_now(request, device)
            return _show_recovery_codes(request, codes)
        form.add_error("code", _("This code is wrong. Use the newest one; the phone's clock must be right."))
    address, spelled = factor.pairing(request.user, secret)
    picture = segno.make(address, error="m").svg_data_uri(scale=4, border=3, dark="#2a2420", light="#ffffff")
    context = {"form": form, "picture": picture, "spelled": spelled, "is_change": device is not None}
    if request.method == "POST":
        return _refill(request, "accounts/second_factor_setup.html", context)
    return render(request, "accounts/second_factor_setup.html", context)


def _change_second_factor(request, device):
    form = SecondFactorForm(_sent(request), initial={"sheet": factor.sheet_of(request.user)})
    context = {"form": form, "device": device, "codes_left": factor.recovery_codes_left(request.user)}
    if request.method != "POST":
        return render(request, "accounts/second_factor_change.html", context)
    if not (form.is_valid() and _is_own_password(request, form, "password")):
        return _refill(request, "accounts/second_factor_change.html", context)
    if "new_codes" in request.POST:
        try:
            codes = factor.renew_recovery_codes(user=request.user, instead_of=form.cleaned_data["sheet"])
        except factor.ShownBefore as shown:
            messages.warning(request, str(shown))
            return redirect("second_factor_setup")
        return _show_recovery_codes(request, codes)
    request.session[PAIRING] = factor.new_secret()
    return redirect("second_factor_setup")


def _show_recovery_codes(request, codes):
    """The one answer to a form that is a page and no redirect: the codes are stored nowhere, so they can be shown only now."""
    return render(request, "accounts/recovery_codes.html", {"codes": codes, "lines": "\n".join(codes)})


def _is_own_password(request, form, field):
    """Whether the person typed the own password; wrong ones count towards the lock like those at the log-in."""
    if authenticate(request, username=request.user.username, password=form.cleaned_data[field]) == request.user:
        lockout.forget(request, request.user.username)
        return True
    form.add_error(field, _("This is not your password."))
    return False


# --- One-time links ---------------------------------------------------------------------------------------------------


@login_not_required
@sensitive_post_parameters()
@form_page
def join(request, token):
    """The link a manager gave: choose a user name (the first time) and a password, and be logged in."""
    found = Invitation.objects.select_related("staff__user", "staff__branch").filter(digest=token_digest(token)).first()
    if found is None or not found.is_open(request.actor.now) or not found.staff.is_active:
        return _link_is_dead(request)
    staff = found.staff
    data = _sent(request)
    if staff.user:
        form = NewPasswordForm(data, user=staff.user, name=staff.name)
    else:
        form = JoinForm(data, user=None, name=staff.name, initial={"username": _suggested_user_name(staff.name)})
    context = {"form": form, "staff": staff, "role_name": access.ROLE_NAMES[staff.role]}
    if request.method != "POST":
        return render(request, "accounts/join.html", context)
    if form.is_valid():
        try:
            user = _use_link(request, token, form)
        except ValidationError as error:  # somebody took the user name this very moment
            form.add_error(None, error)
        except errors.Conflict:
            return _link_is_dead(request)
        else:
            _start_session(request, user)
            return lockout.remember(request, redirect(settings.LOGIN_REDIRECT_URL), user)
    return _refill(request, "accounts/join.html", context)


def _use_link(request, token, form):
    return services.accept_invitation(
        token=token,
        username=form.cleaned_data.get("username", ""),
        password=form.cleaned_data["password"],
        now=request.actor.now,
    )


def _link_is_dead(request):
    message = _("It was used already, or it is older than a day. Ask your manager for a new one.")
    return errors.page(request, 404, _("This link no longer works"), message, framed=False)


def _suggested_user_name(name):
    """林晓彤 -> linxiaotong, if nobody has it."""
    name = User.normalize_username("".join(text.name_readings(name)[0]))[:30]
    return "" if User.objects.filter(username=name).exists() else name


# --- The own account --------------------------------------------------------------------------------------------------


@form_page
def account(request):
    """Language and appearance; who one is here; password and second factor; ending sessions elsewhere."""
    if "end_sessions" in request.POST:
        services.end_sessions(user=request.user)
        update_session_auth_hash(request, request.user)
        messages.success(request, _("You are logged out everywhere else."))
        return redirect("account")
    form = AccountForm(_sent(request), instance=User.objects.get(pk=request.user.pk))
    if form.is_valid():
        form.save()
        with translation.override(form.instance.language or request.LANGUAGE_CODE):
            messages.success(request, _("Saved."))
        return redirect("account")
    asked = is_asked_for_second_factor(request.user, request.actor.role)
    context = {
        "form": form,
        "device": factor.device_of(request.user) if asked else None,
        "codes_left": factor.recovery_codes_left(request.user) if asked else 0,
        "is_asked": asked,
    }
    if request.method == "POST":
        return _refill(request, "accounts/account.html", context)
    return render(request, "accounts/account.html", context)


@sensitive_post_parameters()
@form_page
def password(request):
    """A new password for the old one. Every other session of the person ends."""
    form = ChangePasswordForm(_sent(request), user=request.user, name=request.actor.staff.name)
    if request.method != "POST":
        return render(request, "accounts/password.html", {"form": form})
    if not (form.is_valid() and _is_own_password(request, form, "old")):
        return _refill(request, "accounts/password.html", {"form": form})
    with transaction.atomic():
        services.change_password(user=request.user, password=form.cleaned_data["password"])
        update_session_auth_hash(request, request.user)
    messages.success(request, _("The password is changed. You are logged out everywhere else."))
    return redirect("account")


@login_not_required
@require_POST
def language(request):
    """Choose a language: for this browser, and for the person if somebody is logged in."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        return errors.bad_request(request)
    response = redirect(way_on(request))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=365 * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=chosen)
    return response
