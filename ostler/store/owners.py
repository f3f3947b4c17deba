"""Who holds a short lease: a process of a machine, so that nobody waits for one that is dead."""

import os
import platform


def this_process() -> str:
    """This process as a holder of leases: `host:process`."""
    return f"{platform.node()}:{os.getpid()}"


def is_gone(owner: str) -> bool:
    """Whether a holder was a process of this machine that is not there any more."""
    host, _, process = owner.rpartition(":")
    if host != platform.node() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
