"""The body of a request as it arrives. A long one goes into a file, and the disk may be full; a part may be unreadable."""

import io
import mmap
from contextlib import suppress

from django.conf import settings
from django.utils.http import parse_header_parameters
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error

from salon.storage import files

NO_ROOM = 507
LONGEST_HEAD = 4096  # bytes before a part of a form; Django takes fewer


class NoRoom(Error):
    """The body of a request did not fit on the disk."""

    code, reason = NO_ROOM, "Insufficient Storage"


class _Nowhere:
    """A buffer that keeps nothing."""

    def append(self, data):
        pass

    def __len__(self):
        return 0

    def getfile(self):
        return io.BytesIO()

    def close(self):
        pass


class Request(HTTPRequestParser):
    """On a full disk the rest is read and thrown away, so that the browser, which reads no answer before it has sent everything,
    gets one.
    """

    def received(self, data):
        try:
            return super().received(data)
        except OSError as error:
            if not files.is_full(error):
                raise
        self.error = NoRoom("no room for the body")
        if self.chunked:
            self.completed = True
            return len(data)
        with suppress(OSError):
            self.body_rcv.buf.close()
        self.body_rcv.buf = _Nowhere()
        return super().received(data)


def is_readable(environ):
    """False where a form has a part whose name, or whose file's name, is no UTF-8: Django drops such a part without a word.

    Only for a body that can be read twice, as the server's own can.
    """
    kind, options = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
    boundary, body = options.get("boundary"), environ.get("wsgi.input")
    if kind != "multipart/form-data" or not boundary or not body or not body.seekable():
        return True
    if hasattr(body, "getvalue"):
        return _has_readable_parts(body.getvalue(), boundary.encode())
    with mmap.mmap(body.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return _has_readable_parts(content, boundary.encode())


def _has_readable_parts(content, boundary):
    delimiter, at = b"--" + boundary + b"\r\n", 0
    for _n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + settings.DATA_UPLOAD_MAX_NUMBER_FILES + 1):
        at = content.find(delimiter, at)
        if at < 0:
            break
        end = max(at, content.find(b"\r\n\r\n", at, at + LONGEST_HEAD))  # what has no end is no head
        try:
            content[at:end].decode()
        except UnicodeDecodeError:
            return False
        at += len(delimiter)
    return True
