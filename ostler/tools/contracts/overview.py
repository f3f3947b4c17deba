"""What a contract says beside its rules: people, places, service levels, classes of columns."""

from open_data_contract_standard.model import (
    OpenDataContractStandard,
    SchemaProperty,
    Team,
    TeamMember,
)

from ostler.core.base import Frozen
from ostler.tools.contracts.document import read_document


class Listed(Frozen):
    """A column as the contract lists it."""

    name: str
    type: str
    classification: str
    description: str


class Overview(Frozen):
    """The parts of a contract that people read; all of it as its authors wrote it."""

    name: str
    version: str
    status: str
    domain: str
    purpose: str
    owner: str
    """The team."""
    team: tuple[str, ...]
    """Members, each with a role."""
    roles: tuple[str, ...]
    """Who gets which access."""
    servers: tuple[str, ...]
    support: tuple[str, ...]
    sla: tuple[str, ...]
    columns: tuple[Listed, ...]


def overview(text: str, *, dataset: str, source: str) -> Overview:
    """The overview of a contract that can be used."""
    model = OpenDataContractStandard.model_validate(read_document(text, source))
    objects = model.schema_ or []
    named = [one for one in objects if dataset in (one.name, one.physicalName)]
    properties = (named or objects)[0].properties or []
    team = model.team if isinstance(model.team, Team) else None
    members = team.members if team else model.team
    return Overview(
        name=model.name or dataset,
        version=model.version or "",
        status=model.status or "",
        domain=model.domain or "",
        purpose=(model.description.purpose or "") if model.description else "",
        owner=(team.name or "") if team else "",
        team=tuple(map(_member, members if isinstance(members, list) else ())),
        roles=tuple(_said(one.role, one.access, one.description) for one in model.roles or ()),
        servers=tuple(
            _said(one.server, one.environment, one.type, one.location or one.host or one.path)
            for one in model.servers or ()
        ),
        support=tuple(_said(one.channel, one.tool, one.url) for one in model.support or ()),
        sla=tuple(
            _said(one.property, one.value, one.unit, one.element)
            for one in model.slaProperties or ()
        ),
        columns=tuple(map(_listed, properties)),
    )


def _listed(column: SchemaProperty) -> Listed:
    return Listed(
        name=column.name or column.physicalName or "",
        type=column.logicalType or "",
        classification=column.classification or "",
        description=column.description or "",
    )


def _member(member: TeamMember) -> str:
    return _said(member.username or member.name, member.role)


def _said(*parts: object) -> str:
    return ", ".join(str(part) for part in parts if part not in (None, ""))
