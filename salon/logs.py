"""What is written into the log, beside what is said in it. Standard library only: settings name it before there are apps."""

import logging


class SecurityInOneLine(logging.Filter):
    """What a stranger can provoke at will, such as a Host header that is not ours, takes one line and no traceback."""

    def filter(self, record):
        if record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None
        return True
