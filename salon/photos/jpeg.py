"""In how many passes a JPEG is drawn, read from its markers: nothing is decoded, and nothing but the standard library needed.

The source of the markers is ITU-T T.81, table B.1.
"""

import re

MOST_PARTS = 1000  # of a file; an honest one of 10 MB has 200
# FF and what begins a part with a length: no zero stuffed into the data, no restart, no beginning, no FF that only fills.
_PART = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])")
_SCAN, _END = 0xDA, 0xD9
_WINDOW = 1 << 18  # a search holds the interpreter: a millisecond or two


def has_more_scans(content, most):
    """Whether a JPEG is drawn in more than `most` passes: each costs a decoder as much as the picture is large.

    `content`: the file's bytes. What comes after its end is not counted: that is another picture, or a film. A file of more
    than MOST_PARTS parts is one that says yes, too, so that the answer costs a tenth of a second whatever was sent.
    """
    scans = 0
    for count, marker in enumerate(_markers(content)):
        scans += marker == _SCAN
        if scans > most or count >= MOST_PARTS:
            return True
        if marker == _END:
            break
    return False


def _markers(content):
    at = 2
    while at < len(content):
        part = _PART.search(content, at, at + _WINDOW)
        if part:
            yield part[1][0]
            at = part.end() + max(2, int.from_bytes(content[part.end() : part.end() + 2]))
        else:
            at += _WINDOW - 1
