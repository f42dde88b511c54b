"""Wattrace: an agent-based simulation of a world economy whose money is electric power."""

from __future__ import annotations

__version__ = "0.1.0"
