"""Reading other systems' OpenLineage events: hostile input, bounded, of which little is kept."""

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ostler.core.errors import BadInput
from ostler.store.lineage import Edge

LINE_BYTES = 5_000_000
"""Of one event."""

EVENTS = 200_000
"""In one file."""

_NAME = 500
_FIELDS = 5_000


class _Part(BaseModel):
    """A part of an event; what we do not know in it is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Field(_Part):
    namespace: str = Field(max_length=_NAME)
    name: str = Field(min_length=1, max_length=_NAME)
    field: str = Field(min_length=1, max_length=_NAME)


class _Fields(_Part):
    inputFields: tuple[_Field, ...] = Field(default=(), max_length=_FIELDS)  # noqa: N815


class _ColumnLineage(_Part):
    fields: dict[str, _Fields] = Field(default_factory=dict, max_length=_FIELDS)


class _Facets(_Part):
    columnLineage: _ColumnLineage | None = None  # noqa: N815


class _Dataset(_Part):
    namespace: str = Field(max_length=_NAME)
    name: str = Field(min_length=1, max_length=_NAME)
    facets: _Facets | None = None


class _Event(_Part):
    eventTime: str = Field(max_length=100)  # noqa: N815
    inputs: tuple[_Dataset, ...] = Field(default=(), max_length=_FIELDS)
    outputs: tuple[_Dataset, ...] = Field(default=(), max_length=_FIELDS)


def edges_of(lines: Iterable[bytes], *, namespace: str, source: str) -> Iterator[Edge]:
    """The edges that some events state; BadInput names the line that is none.

    Datasets of our own `namespace` go by their bare names, all others as `NAMESPACE/NAME`.
    """
    for number, line in enumerate(lines, 1):
        if number > EVENTS or len(line) > LINE_BYTES:
            raise BadInput(
                f"{source}, line {number}: too much at once",
                f"at most {EVENTS:,} events of at most {LINE_BYTES:,} bytes",
            )
        if not line.strip():
            continue
        try:
            event = _Event.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part)[:60] for part in first["loc"][:6])
            raise BadInput(
                f"{source}, line {number}: no OpenLineage event: {where}: {first['msg']}",
                "nothing was imported",
            ) from None
        yield from _edges(event, namespace, f"imported from {source}")


def _edges(event: _Event, namespace: str, learnt: str) -> Iterator[Edge]:
    def named(one: _Dataset | _Field) -> str:
        return one.name if one.namespace == namespace else f"{one.namespace}/{one.name}"

    for output in event.outputs:
        target = named(output)
        for one in event.inputs:
            if named(one) != target:
                yield Edge(named(one), target, learnt=learnt)
        lineage = output.facets.columnLineage if output.facets else None
        for column, fields in (lineage.fields if lineage else {}).items():
            for one in fields.inputFields:
                if len(column) <= _NAME and (named(one), one.field) != (target, column):
                    yield Edge(named(one), target, one.field, column, learnt)
