"""WSGI entry point, for `serve` and for any other WSGI server."""

import os

from salon.database import sqlite

sqlite.use_bundled_library()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402 - the SQLite library is swapped in first

application = get_wsgi_application()
