"""An authenticator app and its recovery codes, in few words."""

import base64
import re

from django.test import Client
from django_otp.oath import totp

from salon.accounts import second_factor as factor

PASSWORD = "correct horse battery"
SETUP, CODE = "/login/code/set-up/", "/login/code/"


def code_for(secret, shift=0):
    """What an app shows `shift` half minutes from now."""
    return f"{totp(bytes.fromhex(secret), t0=-30 * shift):06d}"


def pair(staff):
    """(secret, recovery codes) of a freshly paired app, whose present code is used up."""
    secret = factor.new_secret()
    _device, codes = factor.set_up(user=staff.user, secret=secret, code=code_for(secret))
    return secret, codes


def secret_on(page):
    spelled = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page.content.decode())[1]
    return base64.b32decode(spelled.replace(" ", "")).hex()


def log_in(staff):
    client = Client()
    client.post("/login/", {"username": staff.user.username, "password": PASSWORD})
    return client


def is_in(client):
    return client.get("/account/").status_code == 200


def codes_on(page):
    """The recovery codes a page shows."""
    return re.findall(r"<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>", page.content.decode())


def sheet_on(client):
    """The sheet of recovery codes the page offers to replace."""
    return client.get(SETUP).context["form"]["sheet"].value()
