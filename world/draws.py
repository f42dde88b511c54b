"""Random draws that never depend on call order.

draw = hash(seed, stream, name, month): a counter-based hash (the finaliser of SplitMix64, Steele et al. 2014,
applied to a mixed key), so two policies with the same seed face the same weather, yields and luck, however many
agents either has.
"""

from __future__ import annotations

import hashlib

import numpy as np

from .kernels import kernel


def name_key(name: str) -> int:
    """Return a stable 64-bit key of a name (independent of Python's hash seed)."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def name_keys(names) -> np.ndarray:
    """Return uint64 keys of a list of names."""
    return np.array([name_key(name) for name in names], dtype=np.uint64)


@kernel
def _mix(x):
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@kernel
def _uniform(base, keys, out):
    for i in range(keys.shape[0]):
        bits = _mix(_mix(base ^ keys[i]) + np.uint64(0x9E3779B97F4A7C15))
        out[i] = (np.float64(bits >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)


@kernel
def _normal(base, keys, out):
    # Box–Muller on two independent hashes of the same key
    for i in range(keys.shape[0]):
        first = _mix(_mix(base ^ keys[i]) + np.uint64(0x9E3779B97F4A7C15))
        second = _mix(first + np.uint64(0xD1B54A32D192ED03))
        u = (np.float64(first >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)
        v = (np.float64(second >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)
        out[i] = np.sqrt(-2.0 * np.log(u)) * np.cos(2.0 * np.pi * v)


class Draws:
    """Named streams of one seed. With `off`, uniforms are 0.5 and normals 0: the world at its centre."""

    def __init__(self, seed: int, *, off: bool = False):
        self.seed = int(seed)
        self.off = off
        self._streams: dict[str, int] = {}

    def _base(self, stream: str, month: int) -> np.uint64:
        key = self._streams.get(stream)
        if key is None:
            digest = hashlib.blake2b(f"{self.seed}:{stream}".encode(), digest_size=8).digest()
            key = self._streams[stream] = int.from_bytes(digest, "little")
        return np.uint64((key + month * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF)

    def uniform(self, stream: str, keys: np.ndarray, month: int) -> np.ndarray:
        """Return draws in (0, 1), one per uint64 key, for a month."""
        out = np.full(len(keys), 0.5)
        if not self.off:
            _uniform(self._base(stream, month), keys, out)
        return out

    def normal(self, stream: str, keys: np.ndarray, month: int) -> np.ndarray:
        """Return standard normal draws, one per uint64 key, for a month."""
        out = np.zeros(len(keys))
        if not self.off:
            _normal(self._base(stream, month), keys, out)
        return out
