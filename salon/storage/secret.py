"""The signing key: made at first start, kept in the data directory, readable by its owner only."""

import os
import secrets
import time

from django.core.exceptions import ImproperlyConfigured


def read_or_make_secret(path):
    """The key stored at `path`; made there with mode 0600 if there is none.

    Raises ImproperlyConfigured if it can be neither read nor made, or is shorter than 40 characters.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = _read(path)
        if len(key) < 40:
            raise ImproperlyConfigured(f"{path.name} in the data directory is too short; delete it to have one made") from None
        return key
    except OSError as error:
        raise ImproperlyConfigured(f"the data directory {path.parent} cannot be written: {error.strerror}") from None
    key = secrets.token_urlsafe(50)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    return key


def _read(path):
    """The key stored at `path`; one that another process is just writing is waited for."""
    for _attempt in range(20):
        try:
            key = path.read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{path} cannot be read: {error.strerror}") from None
        if key:
            break
        time.sleep(0.1)
    return key
