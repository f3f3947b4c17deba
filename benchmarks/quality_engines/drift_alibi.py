"""alibi-detect's tabular drift: python drift_alibi.py JOB.json."""

import sys

import numpy as np
import pandas as pd
from alibi_detect.cd import TabularDrift
from quality_child import Job, finish, read_job


def compared(job: Job) -> int:
    """How many columns it has compared; texts are numbered first, as it asks."""
    frames = [pd.read_parquet(files, columns=job.drifting) for files in (job.reference, job.orders)]
    texts = [name for name in job.drifting if frames[0][name].dtype == object and name != "total"]
    for name in texts:
        codes = pd.factorize(pd.concat([frame[name] for frame in frames]), use_na_sentinel=False)[0]
        for frame, part in zip(frames, np.split(codes, [len(frames[0])]), strict=True):
            frame[name] = part
    # It knows no missing numbers.
    before, after = (frame.astype(float).fillna(-1).to_numpy(np.float32) for frame in frames)
    detector = TabularDrift(
        before,
        categories_per_feature={job.drifting.index(name): None for name in texts},
    )
    return len(detector.predict(after, drift_type="feature")["data"]["distance"])


if __name__ == "__main__":
    job = read_job(sys.argv[1])
    finish(lambda: compared(job))
