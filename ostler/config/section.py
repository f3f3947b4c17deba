"""What every section of the settings has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section: frozen, and a key that it does not have is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
