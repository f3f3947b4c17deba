"""Evidently's data drift preset: python drift_evidently.py JOB.json."""

import sys

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
from quality_child import Job, finish, read_job


def compared(job: Job) -> int:
    """How many columns the report says something about."""
    before, after = (
        pd.read_parquet(files, columns=job.drifting).astype({"total": float})
        for files in (job.reference, job.orders)
    )
    texts = [name for name in job.drifting if before[name].dtype == object]
    known = DataDefinition(
        numerical_columns=[name for name in job.drifting if name not in texts],
        categorical_columns=texts,
    )
    report = Report([DataDriftPreset()])
    said = report.run(
        Dataset.from_pandas(after, data_definition=known),
        Dataset.from_pandas(before, data_definition=known),
    )
    return len(said.dict()["metrics"])


if __name__ == "__main__":
    job = read_job(sys.argv[1])
    finish(lambda: compared(job))
