"""The pytest plugin: data as a test. It is loaded into everybody's pytest, so it imports nothing.

```python
def test_orders(ostler_gate):
    ostler_gate("data/orders.csv", contract="contracts/orders.odcs.yaml")
```
"""

from os import PathLike
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ostler.triggers.gates.report import GateReport

Pathish = str | PathLike[str]


class Gate(Protocol):
    """What the fixture gives."""

    def __call__(
        self,
        data: Pathish,
        contract: Pathish | None = None,
        *,
        others: "Mapping[str, Pathish] | None" = None,
        encoding: str = "utf-8",
    ) -> "GateReport":
        """Fail the test when the file breaks its contract; otherwise give the report.

        Paths begin where pytest's root is. Without `contract` the one near the file is taken.
        `others` are files that foreign keys look into, by the name of their dataset.
        """
        ...


@pytest.fixture
def ostler_gate(request: pytest.FixtureRequest) -> Gate:
    """Gates a data file: `ostler_gate("orders.csv", contract="orders.odcs.yaml")`."""
    root = request.config.rootpath

    def gate(
        data: Pathish,
        contract: Pathish | None = None,
        *,
        others: "Mapping[str, Pathish] | None" = None,
        encoding: str = "utf-8",
    ) -> "GateReport":
        from datetime import UTC, datetime

        from ostler.core.errors import UserError
        from ostler.triggers.gates.files import measure_file
        from ostler.triggers.gates.pairing import contract_of
        from ostler.triggers.gates.report import judge
        from ostler.triggers.gates.text import text

        path = root / data
        try:
            measured = measure_file(
                path,
                root / contract if contract is not None else contract_of(path),
                {name: root / file for name, file in (others or {}).items()},
                encoding=encoding,
                now=datetime.now(UTC),
            )
        except UserError as error:
            pytest.fail("\n".join(filter(None, [error.message, error.hint])), pytrace=False)
        report = judge(measured)
        if not report.passed:
            pytest.fail(text(report), pytrace=False)
        return report

    return gate
