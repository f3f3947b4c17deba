"""scipy, exact: python drift_scipy.py JOB.json."""

import sys

import numpy as np
import pyarrow.parquet as pq
from quality_child import Job, finish, read_job
from scipy import stats


def compared(job: Job) -> dict[str, dict[str, float]]:
    """The KS distance of numbers, Cramér's V of values, column by column."""
    found: dict[str, dict[str, float]] = {}
    for column in job.drifting:
        before, after = (_column(files, column) for files in (job.reference, job.orders))
        if before.dtype == object:
            found[column] = {"chi2": _cramers_v(before, after)}
            continue
        found[column] = {"ks": float(stats.ks_2samp(before, after, method="asymp").statistic)}
    return found


def _column(files: list[str], column: str) -> np.ndarray:
    values = pq.ParquetDataset(files).read([column]).column(0)
    if str(values.type) == "string":
        return np.asarray(values.fill_null("").to_numpy(zero_copy_only=False), dtype=object)
    return values.drop_null().cast("double", safe=False).to_numpy()


def _cramers_v(before: np.ndarray, after: np.ndarray) -> float:
    sides = [
        dict(zip(*np.unique(side, return_counts=True), strict=True)) for side in (before, after)
    ]
    names = sorted({*sides[0], *sides[1]})
    counts = [[side.get(name, 0) for name in names] for side in sides]
    chi2 = stats.chi2_contingency(counts, correction=False).statistic
    return float(np.sqrt(chi2 / (len(before) + len(after))))


if __name__ == "__main__":
    job = read_job(sys.argv[1])
    finish(lambda: compared(job))
