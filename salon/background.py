"""Work that nobody waits for gives way to people's requests."""

import os


def give_way():
    """Let other processes have the processor first, for the rest of this one's life. Where there is no such thing: nothing."""
    if hasattr(os, "nice"):
        os.nice(max(0, 10 - os.nice(0)))
