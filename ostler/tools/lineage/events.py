"""OpenLineage events of an execution: START, and COMPLETE, FAIL or ABORT.

Built with the classes of `openlineage.client`, which check what they are given. Everything is
derived from what is recorded, so that building an event again gives the same text.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import NAMESPACE_URL, uuid5

import attr
from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
)
from openlineage.client.facet_v2 import (
    DatasetFacet,
    InputDatasetFacet,
    JobFacet,
    OutputDatasetFacet,
    RunFacet,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    dataset_version_dataset,
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    parent_run,
    processing_engine_run,
    schema_dataset,
)
from openlineage.client.serde import Serde

from ostler import __version__
from ostler.core.canonical import canonical_json
from ostler.core.datasets import Column
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.store.executions import Execution
from ostler.store.times import stamp
from ostler.tools.lineage.columns import reads_of

PRODUCER = f"urn:ostler:{__version__}"

ENDINGS: dict[ProposalState, RunState] = {
    ProposalState.PUBLISHED: RunState.COMPLETE,
    ProposalState.FAILED: RunState.FAIL,
    ProposalState.CANARY: RunState.RUNNING,
}
"""How an execution ended, to OpenLineage; everything else was given up before it began to write."""


@dataclass(frozen=True)
class Names:
    """What we and our jobs are called."""

    namespace: str
    job: str


@dataclass(frozen=True)
class Approval:
    """Who and what stands behind an execution."""

    digest: str
    """Of the proposal as it was voted on."""
    approvers: tuple[str, ...]
    policy: str
    audit_index: int | None
    """Of the entry that recorded the execution; None before it ended."""


@dataclass(frozen=True)
class Table:
    """A version of the dataset, as far as an event says something of it."""

    version: int
    columns: tuple[Column, ...]
    rows: int | None = None
    """Of a version that was written."""


@attr.define
class ApprovalRunFacet(RunFacet):
    """Ours: the proposal, who approved it, and where the log says so."""

    proposal: str
    digest: str
    approvers: list[str]
    policy: str
    auditIndex: int | None = None  # noqa: N815

    @staticmethod
    def _get_schema() -> str:
        return f"urn:ostler:{__version__}:ApprovalRunFacet"


def run_id(namespace: str, kind: str, *content: str) -> str:
    """The UUID of a run, derived from what it is: tries again are the same run."""
    return str(uuid5(NAMESPACE_URL, ":".join(("urn:ostler", namespace, kind, *content))))


def started(proposal: Proposal, approval: Approval, names: Names, before: Table, at: str) -> str:
    """The START event of an execution, as canonical JSON."""
    return _text(
        RunEvent(
            eventTime=at,
            producer=PRODUCER,
            run=_run(proposal, approval, names, ""),
            job=_job(proposal, names),
            eventType=RunState.START,
            inputs=[_input(proposal, names, before, ())],
            outputs=[],
        )
    )


def ended(
    proposal: Proposal,
    execution: Execution,
    approval: Approval,
    names: Names,
    before: Table,
    after: Table | None,
) -> str:
    """The last event of an execution, as canonical JSON."""
    ending = ENDINGS.get(execution.outcome, RunState.ABORT)
    going = (RunState.COMPLETE, RunState.RUNNING)
    why = "" if ending in going else f"the proposal is {execution.outcome.value}"
    return _text(
        RunEvent(
            eventTime=stamp(execution.at),
            producer=PRODUCER,
            run=_run(proposal, approval, names, why),
            job=_job(proposal, names),
            eventType=ending,
            inputs=[_input(proposal, names, before, _assertions(proposal, execution))],
            outputs=[] if after is None else [_output(proposal, names, before, after)],
        )
    )


def _run(proposal: Proposal, approval: Approval, names: Names, why: str) -> Run:
    parent = parent_run.ParentRunFacet(
        run=parent_run.Run(runId=run_id(names.namespace, "groom", proposal.run)),
        job=parent_run.Job(namespace=names.namespace, name=f"{names.job}.{proposal.dataset}"),
    )
    facets: dict[str, RunFacet] = {
        "parent": parent,
        "processing_engine": processing_engine_run.ProcessingEngineRunFacet(
            version=__version__, name="ostler"
        ),
        "ostler_approval": ApprovalRunFacet(
            proposal=proposal.id,
            digest=approval.digest,
            approvers=list(approval.approvers),
            policy=approval.policy,
            auditIndex=approval.audit_index,
        ),
    }
    if why:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            message=why, programmingLanguage="Python"
        )
    return Run(
        runId=run_id(names.namespace, "execute", proposal.id, approval.digest), facets=facets
    )


def _job(proposal: Proposal, names: Names) -> Job:
    facets: dict[str, JobFacet] = {
        "jobType": job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration="OSTLER", jobType="TASK"
        )
    }
    name = f"{names.job}.{proposal.dataset}.{proposal.draft.action.kind}"
    return Job(namespace=names.namespace, name=name, facets=facets)


def _version(table: Table) -> dict[str, DatasetFacet]:
    return {
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(
            datasetVersion=str(table.version)
        ),
        "schema": schema_dataset.SchemaDatasetFacet(
            fields=[
                schema_dataset.SchemaDatasetFacetFields(name=column.name, type=column.type)
                for column in table.columns
            ]
        ),
    }


def _input(
    proposal: Proposal,
    names: Names,
    before: Table,
    assertions: Sequence[data_quality_assertions_dataset.Assertion],
) -> InputDataset:
    facets: dict[str, InputDatasetFacet] = {}
    if assertions:
        facets["dataQualityAssertions"] = (
            data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
                assertions=list(assertions)
            )
        )
    return InputDataset(
        namespace=names.namespace,
        name=proposal.dataset,
        facets=_version(before),
        inputFacets=facets,
    )


def _output(proposal: Proposal, names: Names, before: Table, after: Table) -> OutputDataset:
    statistics: dict[str, OutputDatasetFacet] = {
        "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=after.rows
        )
    }
    facets = {**_version(after), "columnLineage": _column_lineage(proposal, names, before, after)}
    return OutputDataset(
        namespace=names.namespace,
        name=proposal.dataset,
        facets=facets,
        outputFacets=statistics,
    )


def _column_lineage(proposal: Proposal, names: Names, before: Table, after: Table) -> DatasetFacet:
    reads = reads_of(proposal.draft.action)
    known = {column.name for column in before.columns}

    def field(column: str, kind: str, subtype: str) -> column_lineage_dataset.InputField:
        how = column_lineage_dataset.Transformation(type=kind, subtype=subtype, masking=False)
        return column_lineage_dataset.InputField(
            namespace=names.namespace, name=proposal.dataset, field=column, transformations=[how]
        )

    def sources(column: str) -> list[column_lineage_dataset.InputField]:
        read = reads.columns.get(column, (column,))
        same = read == (column,) and column not in proposal.patch.columns
        subtype = "IDENTITY" if same else "TRANSFORMATION"
        return [field(one, "DIRECT", subtype) for one in read if one in known]

    return column_lineage_dataset.ColumnLineageDatasetFacet(
        fields={
            column.name: column_lineage_dataset.Fields(inputFields=sources(column.name))
            for column in after.columns
        },
        dataset=[field(one, "INDIRECT", "FILTER") for one in reads.rows if one in known],
    )


def _assertions(
    proposal: Proposal, execution: Execution
) -> list[data_quality_assertions_dataset.Assertion]:
    """Every acceptance criterion twice: as it was before, and as it was measured afterwards."""
    before = {effect.check: effect.before for effect in proposal.dry_run.effects}
    allowed = {criterion.check: criterion.max_failing for criterion in proposal.acceptance}
    found: list[data_quality_assertions_dataset.Assertion] = []
    for result in execution.checks:
        check = result.check
        limit = allowed.get(check, 0)
        for version, failing in (
            (execution.version_before, before.get(check)),
            (execution.version_after, result.failing),
        ):
            if failing is None or version is None:
                continue
            columns = check.rule.columns
            found.append(
                data_quality_assertions_dataset.Assertion(
                    assertion=check.rule.kind,
                    success=failing <= limit,
                    column=columns[0] if len(columns) == 1 else None,
                    name=f"{check.rule.kind}@{version}",
                    description=_described(proposal, check.rule.kind, version),
                    expected=f"at most {limit} rows fail",
                    actual=f"{failing} rows fail",
                    params={"version": version},
                )
            )
    return found


def _described(proposal: Proposal, kind: str, version: int) -> str:
    return f"{kind} on version {version} of {proposal.dataset}"


def _text(event: RunEvent) -> str:
    # The library's types say nothing of what is inside; it is JSON.
    plain = cast("dict[str, Any]", json.loads(Serde.to_json(event)))
    return canonical_json(plain)
