"""The limiting factor: what projects and chips waited for, and which cause binds a nation."""

from __future__ import annotations

# the order breaks ties and gives the code recorded as Limit|Binding
CAUSES = (
    "none", "permit", "interconnection", "turbines", "transformers", "modules", "cells", "labour", "capital", "coins",
    "halls", "chips", "memory", "demand",
)  # fmt: skip
CAUSE = {name: i for i, name in enumerate(CAUSES)}
