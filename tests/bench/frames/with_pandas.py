"""The tiers by pandas."""

import connectorx
import numpy as np
import pandas as pd
import pyarrow  # noqa: F401 - connectorx would load it while it reads

from tests.bench.frames import job as jobs
from tests.bench.frames.results import COLUMNS


def compute(job):
    # Through Arrow: asked for a DataFrame, connectorx has the database count the rows before, which is the question twice.
    frame = connectorx.read_sql(job.address, job.sql(jobs.GROUPED), return_type="arrow").to_pandas(date_as_object=False)
    frame["last_paid_on"] = pd.to_datetime(frame["last_paid_on"])
    scored = frame[frame["visit_days"] > 0]
    for score, column in (("r", "last_paid_on"), ("f", "visit_days"), ("m", "consumption_fen")):
        worse = scored[column].rank(method="min").astype("int64") - 1
        frame[score] = (1 + 5 * worse // len(scored)).reindex(frame.index, fill_value=0)
    code = (10 * frame["r"] + (frame["f"] + frame["m"] + 1) // 2).where(frame["r"] > 0, 0)
    frame["segment"] = code.map(jobs.SEGMENT_OF)
    frame["abc"] = _classes(scored["consumption_fen"]).reindex(frame.index, fill_value="C")
    return frame


def _classes(amounts):
    of_amount = amounts.clip(lower=0).groupby(amounts).sum().sort_index(ascending=False)
    before, total = of_amount.cumsum() - of_amount, of_amount.sum()
    letters = np.select([100 * before < 70 * total, 100 * before < 90 * total], ["A", "B"], "C")
    letter_of = pd.Series(np.where(of_amount.index > 0, letters, "C"), index=of_amount.index)
    return amounts.map(letter_of)


def store(job, frame):
    frame = frame[list(COLUMNS)].assign(last_paid_on=frame["last_paid_on"].dt.strftime("%Y-%m-%d"))
    if job.url:
        job.store_csv(frame.to_csv(header=False, index=False).encode())
    else:
        job.store_rows(zip(*(frame[column].tolist() for column in COLUMNS)))


if __name__ == "__main__":
    jobs.run(compute, store, pd.__version__)
