"""`manage.py serve`: check, bring database and static files up to date, and serve."""

import argparse
import os
import sys
from contextlib import ExitStack, nullcontext
from pathlib import Path

from django.conf import settings
from django.core.management import BaseCommand, call_command
from django.db import connection, connections
from django.utils.translation import gettext as _

from salon import access
from salon import address as where
from salon.accounts.models import User
from salon.database import integrity, locks
from salon.database.sessions import Sessions
from salon.serving import assets, boot
from salon.serving.server import Server, listen
from salon.storage import data_directory

DEMO = {"customers": 300, "years": 2, "seed": 1}


def port_number(text):
    """An argparse type: 0 to 65535."""
    if text.isdecimal() and int(text) < 65_536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")


class Command(BaseCommand):
    help = "Serve the product: checks, migrations and static files first, then one web server until Ctrl-C or SIGTERM."
    requires_system_checks = "__all__"
    has_given_way = False

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1: this computer only)")
        parser.add_argument("--port", type=port_number, default=8000, help="port to listen on (default 8000; 0: any free one)")
        parser.add_argument("--seed-if-empty", action="store_true", help="fill an empty database with the demo salon first")

    def handle(self, *, host, port, seed_if_empty, **options):
        os.umask(0o077)  # database, pictures and backups are nobody else's
        with ExitStack() as stack:
            stack.callback(connections.close_all)
            try:
                sock = self.prepare(host, port, seed_if_empty, stack)
            except boot.Refused as why:
                self.stderr.write(_("Not started. %s") % why)
                sys.exit(1)
            except KeyboardInterrupt:
                sys.exit(130)
            self.serve(sock, host)

    def prepare(self, host, port, seed, stack):
        """Everything that comes before serving; returns the listening socket. Raises boot.Refused.

        `stack` keeps the lock by which a restore knows of this server.
        """
        boot.check_data_directory()
        boot.check_exposure(host, seed=seed)
        boot.check_local_disk()
        sock = self.take_port(host, port)
        boot.check_sessions()
        with boot.one_at_a_time(lambda: self.say(_("Another start is preparing this salon; waiting for it …"))):
            boot.keep_restores_out(stack)
            boot.check_database()
            boot.check_not_damaged()
            boot.check_not_newer()
            boot.check_data_directory_fits()
            boot.check_no_demo_users(host)
            self.bring_up_to_date(seed)
        return sock

    def bring_up_to_date(self, seed):
        if boot.needs_migrate():
            self.say(_("Bringing the database up to date …"))
            call_command("migrate", verbosity=0, interactive=False)
        data_directory.settle()
        if assets.needs_collect():
            self.say(_("Preparing style sheets and scripts …"))
            assets.collect()
        if seed and boot.is_empty():
            self.say(_("Making the demo salon: %(customers)s customers, %(years)s years of visits …") % DEMO)
            call_command("seed_demo", **DEMO)

    def take_port(self, host, port):
        try:
            return listen(host, port)
        except OSError as error:
            facts = {"host": host, "port": port, "reason": error.strerror}
            refusal = _("Cannot listen on %(host)s port %(port)s: %(reason)s; choose another with --port (make run PORT=8001).")
            raise boot.Refused(refusal % facts) from None

    def serve(self, sock, host):
        from salon.wsgi import application

        sessions = Sessions(lock=locks.SERVING, on_restore=self.give_way) if connection.vendor == "postgresql" else None
        application = sessions.serving(application) if sessions else application
        self.server = Server(application, sock, trusted_proxy=settings.TRUSTED_PROXY if settings.BEHIND_TLS else None)
        for warning in boot.warnings():
            self.stderr.write(self.style.WARNING(_("WARNING: %s") % warning))
        address = where.of_socket(host, sock.getsockname()[1])
        where.listen_at(host, sock.getsockname()[1])
        if not integrity.is_small():
            integrity.look_while_serving(lambda sentence: self.stderr.write(self.style.ERROR(sentence)))
        self.welcome()
        # This thread's connection stays. On PostgreSQL it holds the lock against restores, until it is lost
        # (salon/database/sessions.py); on SQLite the last connection to close clears the log away, and no request should
        # pay for that.
        with sessions.kept() if sessions else nullcontext():
            self.server.run(ready=lambda: self.say(_("Salon Archive is ready at %s/ (Ctrl-C stops it)") % address))
        if self.has_given_way:
            sys.exit(1)

    def give_way(self):
        """Somebody restores a backup: this server lost its connections meanwhile, and must look at the data anew."""
        self.has_given_way = True
        self.stderr.write(_("Stopped. %s") % _("A backup is being restored into this salon; start again when that has ended."))
        self.server.stop()

    def welcome(self):
        """What the person at the terminal needs now: the address, and how to log in."""
        if User.objects.filter(is_demo=True).exists():
            self.say_demo_logins(settings.DATA_DIR / "demo-logins.txt")
        elif not User.objects.exists():
            python = Path(sys.executable)
            python = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
            self.say(_("Nobody can log in yet. Make the owner's one-time link: %s manage.py invite_owner") % python)
        if not settings.HAS_PUBLIC_URL:
            sentence = _("Links to pass on begin with %s; set SALON_PUBLIC_URL if people use another address.")
            self.say(sentence % where.public_url())

    def say_demo_logins(self, file):
        if file.exists():
            self.say(_("Log-ins of the demo salon (this computer only):"))
            for line in file.read_text(encoding="utf-8").splitlines():
                role, username, password = line.split()
                self.say(f"  {username:<14} {password:<24} {access.ROLE_NAMES[role]}")
        else:
            self.say(_("This is a demo salon, but its list of log-ins, %s, is gone.") % file)

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()
