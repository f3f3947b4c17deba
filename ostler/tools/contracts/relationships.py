"""The `relationships` of a contract as foreign keys."""

from collections.abc import Sequence

from open_data_contract_standard.model import Relationship

from ostler.core.checks import ForeignKey
from ostler.tools.contracts.report import Report

_KIND = "foreignKey"


def foreign_keys(
    relationships: Sequence[Relationship], path: str, report: Report, own: str = ""
) -> list[ForeignKey]:
    """Foreign keys of a column (`own` names it), or of the whole table when they say `from`.

    Targets are written `dataset.column`. Those in another file are not measured.
    """
    return [
        key
        for place, relationship in enumerate(relationships)
        if (key := _foreign_key(relationship, f"{path}[{place}]", report, own))
    ]


def _foreign_key(
    relationship: Relationship, path: str, report: Report, own: str
) -> ForeignKey | None:
    if relationship.type not in (None, _KIND):
        report.unknown(f"{path}.type", relationship.type or "", [_KIND])
        return None
    sources = [own] if own else _names(relationship.from_)
    targets = _names(relationship.to)
    if not sources or len(sources) != len(targets):
        report.problem(f"{path} must say from which columns to which, as many on both sides")
        return None
    if any("/" in name for name in (*sources, *targets)):
        report.skip(f"{path}: a relationship to another document is not measured")
        return None
    pairs = [name.partition(".") for name in targets]
    datasets = {dataset for dataset, _, _ in pairs}
    if not all(column for _, _, column in pairs) or len(datasets) != 1:
        report.problem(f"{path}.to must name columns of one dataset, as dataset.column")
        return None
    return ForeignKey(
        on=tuple(sources) if own else tuple(name.partition(".")[2] or name for name in sources),
        dataset=pairs[0][0],
        references=tuple(column for _, _, column in pairs),
    )


def _names(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
