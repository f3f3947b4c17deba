"""What every type of the vocabulary has in common."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable, strict record: unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _rounded(value: float) -> float:
    return round(value, 6)


Share = Annotated[float, AfterValidator(_rounded)]
"""A number rounded to six digits, so that its digest does not depend on the order of a sum."""

RowId = str
"""The canonical text of a row's key: the value itself, or a JSON array for several columns."""

Cell = str | None
"""A cell's canonical text as DuckDB casts it; None is a missing value."""
