"""nightly: what is done every night (salon/nightly/steps.py), by cron or the task scheduler."""

import os

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from salon.database import locks
from salon.nightly import services
from salon.nightly.models import DONE, FAILED
from salon.nightly.steps import STEPS
from salon.processes.background import give_way


class Command(BaseCommand):
    help = "Do what is done every night. A step that fails does not stop the rest; then the exit code is 1."

    def handle(self, **options):
        os.umask(0o077)
        give_way()
        with locks.held(services.LOCK) as is_held:
            if not is_held:
                self.say(_("Another nightly run is at work; nothing to do here."))
                return
            run = services.run_all(steps=tuple(STEPS), clock=timezone.now, show=self.show)
            failed = list(run.steps.filter(state=FAILED).values_list("name", flat=True))
        if run.state != DONE:
            raise CommandError(_("Failed: %s") % ", ".join(failed))
        self.say(_("All steps done."))

    def show(self, step, outcome):
        facts = {"step": step}
        if outcome is None:
            self.say(_("%(step)s …") % facts)
            return
        facts |= {"seconds": outcome.seconds, "said": outcome.said}
        if outcome.state == DONE:
            self.say(_("%(step)s: done in %(seconds).1f s. %(said)s") % facts)
        else:
            self.say(self.style.ERROR(_("%(step)s: FAILED after %(seconds).1f s. %(said)s") % facts))

    def say(self, text):
        self.stdout.write(f"{localtime(timezone.now()):%Y-%m-%d %H:%M:%S} {text.rstrip()}")
        self.stdout.flush()
