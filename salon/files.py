"""Files that must outlast a loss of power."""

import os


def sync_folder(folder):
    """Make new names in a folder durable; Windows has no such call and needs none."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
