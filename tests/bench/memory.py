"""How much memory this process has and had, in MiB, as Linux tells; None elsewhere. Standard library only."""

from contextlib import suppress


def resident():
    """What is resident now."""
    return _field("VmRSS")


def forget_peak():
    """Begin anew with `peak`: what the process needed before does not count."""
    with suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def peak():
    """The most that was resident since the process began or `forget_peak` was called."""
    return _field("VmHWM")


def _field(name):
    with suppress(OSError), open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(f"{name}:"))
    return None
