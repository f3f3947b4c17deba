"""What the file of settings is called, and what every section of it has in common."""

from pydantic import BaseModel, ConfigDict

FILE = "ostler.yaml"


class Section(BaseModel):
    """A section: frozen, and a key that it does not have is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
