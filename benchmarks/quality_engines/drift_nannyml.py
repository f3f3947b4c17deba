"""NannyML's univariate drift: python drift_nannyml.py JOB.json."""

import sys

import nannyml as nml
import pandas as pd
from quality_child import Job, finish, read_job


def compared(job: Job) -> int:
    """How many columns it has compared."""
    before, after = (
        pd.read_parquet(files, columns=job.drifting).astype({"total": float})
        for files in (job.reference, job.orders)
    )
    calculator = nml.UnivariateDriftCalculator(
        column_names=job.drifting,
        treat_as_categorical=[name for name in job.drifting if before[name].dtype == object],
        continuous_methods=["kolmogorov_smirnov"],
        categorical_methods=["chi2"],
        chunk_number=1,
    )
    calculator.fit(before)
    return len(calculator.calculate(after).column_names)


if __name__ == "__main__":
    job = read_job(sys.argv[1])
    finish(lambda: compared(job))
