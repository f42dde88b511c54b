"""What is asked of a world: dates, what governments choose (policy), how we think the world works (world)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..world.money.regimes import USUAL
from .checking import check, hint
from .choices import choices
from .parts import Distribution, Fault, ScenarioError, Shock, Step

__all__ = ["Distribution", "Fault", "Scenario", "ScenarioError", "Shock", "Step", "check", "choices"]


class Scenario(BaseModel):
    """A question to a world. `policy` may be written as in a file: `{"USA": {"permit_time": "50 %"}}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str = ""
    start: str = "2026-01"
    until: str = "2046-01"
    policy: dict[str, dict[str, tuple[Step, ...]]] = Field(default_factory=dict)
    world: dict[str, float] = Field(default_factory=dict)
    draws: bool = True
    growth: bool = True
    regime: str = USUAL
    uncertain: dict[str, Distribution] = Field(default_factory=dict)
    shocks: tuple[Shock, ...] = ()

    def __init__(self, **given: Any):
        """Check everything. Raises ScenarioError."""
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise ScenarioError(_faults(error)) from None

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Scenario:
        """Return a scenario of a dict. Raises ScenarioError."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise ScenarioError(_faults(error)) from None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        known = list(cls.model_fields)
        content = {key: value for key, value in given.items() if key in known}
        values, faults = check(content, choices(), python=True)
        faults += [Fault((key,), f"is not known{hint(key, known)}") for key in given if key not in known]
        if "name" not in given:
            faults.append(Fault(("name",), "is missing; give one of small letters, digits and hyphens"))
        if faults:
            raise ScenarioError([f"{'.'.join(map(str, path))} {text}" for path, text in faults])
        return values

    def digest(self) -> str:
        """Return the identity: a hash of what is resolved, without name and title."""
        content = self.model_dump(exclude={"name", "title"})
        return _hash(content)

    def identity(self) -> dict[str, str]:
        """Return hashes of the resolved policy, the resolved world and the whole, without name and title."""
        content = self.model_dump()
        return {
            "policy": _hash(content["policy"]),
            "world": _hash({key: content[key] for key in ("world", "uncertain", "shocks", "draws", "growth", "regime")}),
            "scenario": self.digest(),
        }

    def overrides(self) -> dict[str, float]:
        """Return the numbers of the tables that a single run replaces: what is unsure counts with its median."""
        return {**{name: spread.median() for name, spread in self.uncertain.items()}, **self.world}

    def drawn(self, values: dict[str, float]) -> Scenario:
        """Return the scenario in one world: `values` stand for what was unsure."""
        return self.model_copy(update={"world": {**self.world, **values}, "uncertain": {}})

    def between(self, start: str | None = None, until: str | None = None) -> Scenario:
        """Return the scenario with other dates. Raises ScenarioError."""
        return self.with_choices(start=start, until=until)

    def with_choices(self, **given: str | None) -> Scenario:
        """Return the scenario with another `start`, `until` or `regime` where one is given. Raises ScenarioError."""
        changes = {key: value for key, value in given.items() if value is not None}
        if not changes:
            return self
        values = {"start": self.start, "until": self.until, **changes}
        _, faults = check(values, choices())
        if faults:
            raise ScenarioError([f"{'.'.join(map(str, path))} {text}" for path, text in faults])
        return self.model_copy(update=changes)


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _faults(error: ValidationError) -> list[str]:
    """Return what is wrong in our own words, where pydantic wrapped them, else in its words without its links."""
    found = []
    for one in error.errors(include_url=False):
        cause = one.get("ctx", {}).get("error")
        where = ".".join(map(str, one["loc"]))
        found += cause.faults if isinstance(cause, ScenarioError) else [f"{where} {one['msg']}".strip()]
    return found
