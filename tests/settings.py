"""The product's settings, with a data directory of the run's own and what only makes tests slow taken out."""

import os
import tempfile

from salon.database import sqlite

sqlite.use_bundled_library()  # as manage.py and wsgi.py do, before Django loads its database layer
os.environ.setdefault("SALON_DATA_DIR", tempfile.mkdtemp(prefix="salon-tests-"))
if worker := os.environ.get("PYTEST_XDIST_WORKER"):  # it has a database of its own, so it needs locks of its own
    os.environ["SALON_DATA_DIR"] = os.path.join(os.environ["SALON_DATA_DIR"], worker)

from salon.settings import *  # noqa: E402, F403
from salon.settings import DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns about a folder that is not there
DATABASES["default"].setdefault("TEST", {})
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
LANGUAGE_CODE = "en"  # tests read English; those about languages ask for one
