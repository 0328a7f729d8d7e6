"""Where people reach the product: the beginning of every link and QR code that is passed on.

SALON_PUBLIC_URL where it is set; else what the server listens on, which it notes for the commands that make links. Never what a
request says in its Host header: whoever sends that would choose where a colleague's one-time link leads.
"""

import ipaddress
from contextlib import suppress
from urllib.parse import urlsplit

from django.conf import settings

FILE = "listening-at"
LOCAL = "127.0.0.1"
_listening = ""  # at which address this very process serves


def of_socket(host, port):
    """The address of a server that listens on `host`, as a browser of this computer writes it."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def listen_at(host, port):
    """Links begin with this address from now on, also those that a command makes, unless SALON_PUBLIC_URL is set."""
    global _listening  # noqa: PLW0603 - a process serves at one address
    _listening = of_socket(_host_to_ask(host), port)
    with suppress(OSError):  # a full disk keeps nobody from serving
        (settings.DATA_DIR / FILE).write_text(f"{_listening}\n", encoding="ascii")


def public_url():
    """What links begin with, without a slash at the end."""
    if settings.HAS_PUBLIC_URL:
        return settings.PUBLIC_URL
    return _listening or _noted() or settings.PUBLIC_URL


def _host_to_ask(host):
    """`host`, or where that means every address of this computer, the first name that is answered under from elsewhere."""
    try:
        is_every = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        is_every = False
    if not is_every:
        return host
    local = (LOCAL, "localhost", "[::1]")
    return next((name for name in settings.ALLOWED_HOSTS if name not in local and name[0] not in ".*"), LOCAL)


def _noted():
    """The address that the last server noted, "" if there is none or it is no address."""
    with suppress(OSError, ValueError):
        noted = (settings.DATA_DIR / FILE).read_text(encoding="ascii").strip()
        page = urlsplit(noted)
        if page.scheme == "http" and page.hostname and page.port:
            return noted
    return ""
