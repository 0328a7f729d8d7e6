#!/usr/bin/env python
"""Salon Archive's command line: serve, seed_demo, recompute_tiers, backup and Django's own commands."""

import os
import sys

from salon.database import sqlite

if __name__ == "__main__":
    sqlite.use_bundled_library()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a console that lacks Chinese must not stop the shop
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        sys.exit(f"Salon Archive cannot start: {wrong}")
