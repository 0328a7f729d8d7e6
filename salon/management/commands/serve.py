"""`manage.py serve`: check, bring the database up to date, and serve."""

import os
import socket
import sys

from django.conf import settings
from django.core.management import BaseCommand, call_command
from django.db import connection, connections
from django.utils.translation import gettext as _

from salon import assets, boot
from salon.server import Server, listen


class Command(BaseCommand):
    help = "Serve the product: checks, migrations and static files first, then one web server until Ctrl-C or SIGTERM."
    requires_system_checks = ["__all__"]

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1: this computer only)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default 8000; 0: any free one)")
        parser.add_argument("--seed-if-empty", action="store_true", help="fill an empty database with the demo salon")

    def handle(self, *, host, port, seed_if_empty, **options):
        os.umask(0o077)
        try:
            sock = self.prepare(host, port, seed_if_empty)
        except boot.Refused as why:
            self.stderr.write(_("Not started. %s") % why)
            sys.exit(1)
        except KeyboardInterrupt:
            sys.exit(130)
        self.serve(sock)

    def prepare(self, host, port, seed_if_empty):
        """Everything that comes before serving; the listening socket. Raises boot.Refused."""
        boot.check_data_directory()
        boot.check_exposure(host)
        sock = self.take_port(host, port)
        boot.check_local_disk()
        boot.check_database()
        boot.check_not_newer()
        boot.check_no_demo_users(host)
        if boot.needs_migrate():
            self.stdout.write(_("Preparing the database …"))
            call_command("migrate", verbosity=0, interactive=False)
        assets.collect_if_changed()
        for warning in boot.warnings():
            self.stderr.write(self.style.WARNING(_("WARNING: %s") % warning))
        connection.close()
        return sock

    def take_port(self, host, port):
        try:
            return listen(host, port)
        except OSError as error:
            reason = {"host": host, "port": port, "reason": error.strerror}
            raise boot.Refused(_("Cannot listen on %(host)s port %(port)s: %(reason)s.") % reason) from None

    def serve(self, sock):
        from salon.wsgi import application

        server = Server(application, sock)
        self.stdout.write(_("Salon Archive is ready at %s") % f"http://{sock.getsockname()[0]}:{sock.getsockname()[1]}/")
        self.stdout.flush()
        server.run()
        connections.close_all()
