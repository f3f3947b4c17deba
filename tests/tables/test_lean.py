import subprocess
import sys

import pytest

pytest.importorskip("pandas", reason="pandas is not installed, so nothing could load it")


def loaded(begin: str) -> str:
    script = f"""
import sys
from ostler.tables.lean import leave_pandas_out, let_pandas_in
{begin}
import pyarrow as pa
from ostler.tables.engine import compute
assert compute("SELECT sum(a) FROM t", t=pa.table({{"a": [1, 2]}})) == [(3,)]
print("pandas" in sys.modules)
let_pandas_in()
import pandas
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_arrow_table_is_queried_without_pandas_which_can_be_let_in_later():
    assert loaded("leave_pandas_out()") == "False"


def test_otherwise_it_is_loaded():
    # When this fails the libraries have become lean by themselves, and ours can go.
    assert loaded("") == "True"
