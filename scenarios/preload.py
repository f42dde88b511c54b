"""What every worker needs, loaded once: the process that workers are forked from imports this module before the first of them.

Loading means imports, tables, kernels (compiled, or read from the disk) and a world's opening. Nothing happens where the module is
imported otherwise.
"""

from __future__ import annotations

import gc
import os
import signal

MARK = "WATTRACE_PRELOAD"  # set by `engine.forking` while it starts that process
ready = False  # whether this process, or the one it was forked from, has everything


def _load() -> bool:
    """Load all that a run needs. Returns whether that went well; what is wrong is met again, and told, where a run is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process with itself
    try:
        import pyarrow.parquet  # noqa: F401

        from ..model import World
        from . import verify, worker  # noqa: F401

        World("baseline", seed=1).step()
    except Exception:  # a worker that finds nothing loaded does without
        return False
    gc.collect()
    gc.freeze()  # what is here stays for good: collections need not look through it, and forked pages stay shared
    return True


if os.environ.pop(MARK, None):
    ready = _load()
