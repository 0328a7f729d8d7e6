"""The body of a request as it arrives. A long one goes into a file, and the disk may be full."""

import io
from contextlib import suppress

from waitress.parser import HTTPRequestParser
from waitress.utilities import Error

from salon import files

NO_ROOM = 507


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
