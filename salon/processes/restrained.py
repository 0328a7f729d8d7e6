"""The inner half of salon/processes/untrusted.py: what a process does that reads a stranger's file.

It takes little memory and time, writes no file, and says what it found as JSON texts, one a line. It knows nothing of
Django, so it starts quickly, and says what is wrong by a code: the words are the outer half's.
"""

import json
import sys


class Refused(Exception):
    """The file is not read; `code` says why (whoever started the process has the words), `facts` fill them in."""

    def __init__(self, code, **facts):
        self.code, self.facts = code, facts
        super().__init__(code)


def answer(messages, limits):
    """Say each of `messages`, and the end; or why the file is refused.

    `limits`: the bytes of "memory" and the "seconds" of processor time this may take; None: no limit.
    """
    _restrain(limits["memory"], limits["seconds"])
    sys.stdout.reconfigure(encoding="ascii", write_through=False)
    try:
        for message in messages:
            _say(message)
        _say({"end": True})
    except Refused as refusal:
        _say({"refused": refusal.code, "facts": refusal.facts})
    except MemoryError:
        _say({"refused": "large", "facts": {}})
    except BaseException:  # a parser that panics is not an Exception
        _say({"refused": "damaged", "facts": {}})
    sys.stdout.flush()


def _say(message):
    sys.stdout.write(json.dumps(message, ensure_ascii=True) + "\n")


def _restrain(memory, seconds):
    """Give this process little memory and time; where the system cannot (Windows), the parent's patience is the limit."""
    try:
        import resource
    except ImportError:
        return
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if seconds:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
