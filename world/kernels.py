"""Numba set-up: one decorator, and a disk cache that can never be stale.

Numba's own cache does not notice an edited function in another file, so the cache folder carries a hash of
every source file that may hold a kernel. Where no folder can be written, kernels compile in memory.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent
_KERNEL_FOLDERS = ("world", "agents")


def source_hash() -> str:
    """Return a short hash of all sources that hold kernels (any edit of one of them gives a new one)."""
    digest = hashlib.blake2b(digest_size=8)
    for folder in _KERNEL_FOLDERS:
        for path in sorted((_PACKAGE / folder).rglob("*.py")):
            text = path.read_bytes()
            if b"@kernel" in text or b"@rule" in text:
                digest.update(path.relative_to(_PACKAGE).as_posix().encode())
                digest.update(text)
    return digest.hexdigest()


def _writable_cache() -> str | None:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for root in (base, Path(tempfile.gettempdir())):
        folder = root / "wattrace" / f"kernels-{source_hash()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError:
            continue
        return str(folder)
    return None


_folder = _writable_cache()
if _folder is not None:
    os.environ["NUMBA_CACHE_DIR"] = _folder

import numba.extending  # noqa: E402  (the cache folder must be known before the first import)

if _folder is not None:
    # numba may have been imported by somebody else before us
    numba.config.CACHE_DIR = _folder  # type: ignore[attr-defined]


def _options(**more) -> dict[str, Any]:
    return {"cache": _folder is not None, "error_model": "numpy", **more}


def kernel(function):
    """Compile `function` with Numba on first use; strict IEEE arithmetic, cached on disk where possible."""
    return numba.njit(**_options(_nrt=True))(function)  # said, or else taken over from a caller that has it off


def rule(function):
    """Let kernels call a plain function of numbers as well; for Python it stays what it is."""
    return numba.extending.register_jitable(**_options())(function)


def kernel_inside(function):
    """As `kernel`, for functions called many times within others that make no arrays and return none.

    Such a function need not count who holds the arrays it is given: its caller holds them as long as it
    runs. Counting them costs more than the arithmetic of a short function does. Numba refuses one that
    makes an array.
    """
    return numba.njit(**_options(_nrt=False))(function)
