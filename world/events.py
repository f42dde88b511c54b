"""The event log: one row per thing that happened, told in a sentence."""

from __future__ import annotations

from typing import NamedTuple


class Event(NamedTuple):
    """Something that happened. `kind` is one of KINDS; `agent` may be empty."""

    month: int
    date: str
    kind: str
    region: str
    agent: str
    text: str


KINDS = ("build", "retire", "shortage", "price", "bust", "policy", "technology", "trade", "launch", "robot", "bottleneck", "shock")
