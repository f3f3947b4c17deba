"""Rollout plans: what part of a patch goes first, how long it is watched, and who lets the rest go.

The plan is part of the proposal's document, so an approval covers it. Without a plan a patch goes
straight to production.
"""

import re
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field

from ostler.core.base import Frozen, Share

_HOURS = {"m": 1 / 60, "h": 1.0, "d": 24.0}


def _share(value: object) -> object:
    """`5%` as well as `0.05`."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d+(\.\d+)?\s*%\s*", value):
        return float(value.replace("%", "")) / 100
    return value


def _hours(value: object) -> object:
    """`30m`, `2h` or `1d` in hours."""
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*([mhd])", value)):
        return float(found[1]) * _HOURS[found[2]]
    return value


class Sample(Frozen):
    """A share of the patch's rows, chosen by a hash of row and proposal; never none of them."""

    sample: Annotated[Share, BeforeValidator(_share), Field(gt=0, lt=1)]
    of: Literal["keys"] = "keys"


class Condition(Frozen):
    """Rows whose column holds one of some values, compared as text."""

    model_config = ConfigDict(populate_by_name=True)

    column: str
    values: tuple[str, ...] = Field(min_length=1, validation_alias=AliasChoices("in", "values"))


class Where(Frozen):
    """The part of the patch on rows that meet a condition."""

    where: Condition


class Beside(Frozen):
    """The whole patch, on another dataset with the same key and columns: a copy for a consumer."""

    table: str


Canary = Sample | Where | Beside


class Rollout(Frozen):
    """A plan: canary first, watched, then production."""

    model_config = ConfigDict(populate_by_name=True)

    canary: Canary
    watch: tuple[str, ...] = ()
    """Ids or names of checks; empty: every acceptance criterion."""
    tolerance: int = Field(default=0, ge=0)
    """Rows that may fail a watched check beyond those that failed when the canary went out."""
    checks: int = Field(default=1, ge=1)
    """How often the watched checks have to hold before the rest goes."""
    hours: Annotated[Share, BeforeValidator(_hours), Field(ge=0)] = Field(
        default=0, validation_alias=AliasChoices("for", "hours")
    )
    """How long they have to hold; with `checks`, both count."""
    promote: Literal["criteria", "hand", "policy"] = "criteria"
    """Who lets the rest go: the criteria alone, a person, or policy and else a person."""

    @property
    def beside(self) -> str:
        """The dataset that gets the canary; empty when it lives in the patch's own."""
        return self.canary.table if isinstance(self.canary, Beside) else ""


def describe_canary(canary: Canary) -> str:
    """A canary in a few words; column, values and table come from the settings."""
    match canary:
        case Sample(sample=share):
            return f"{100 * share:g} % of its rows"
        case Where(where=condition):
            return f"rows whose {condition.column} is {' or '.join(condition.values)}"
        case Beside(table=name):
            return f"the whole patch on {name}"


def describe_rollout(plan: Rollout) -> str:
    """A plan in one sentence; may hold what a person wrote, so it is shown made visible."""
    held = f"{plan.checks} check{'s' if plan.checks > 1 else ''}"
    long = f" and {plan.hours:g} h" if plan.hours else ""
    by = {
        "criteria": "then the rest goes by itself",
        "hand": "then somebody promotes it",
        "policy": "then the rest goes if policy lets it, or somebody promotes it",
    }[plan.promote]
    return f"first {describe_canary(plan.canary)}, watched for {held}{long}, {by}"
