#!/usr/bin/env python
"""Salon Archive's command line: serve, seed_demo, recompute_tiers, backup and Django's own commands."""

import os
import sys

from salon import sqlite

if __name__ == "__main__":
    sqlite.use_bundled_library()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
