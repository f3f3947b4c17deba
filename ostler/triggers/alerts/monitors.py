"""The adapters, one table: what each is called, how its documents are told, who reads them."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from pydantic import JsonValue

from ostler.core.reports import Report
from ostler.triggers.alerts import (
    alertmanager,
    datacontract,
    dbt,
    evidently,
    great_expectations,
    openlineage,
    plain,
    pointblank,
    soda,
)


class Adapter(NamedTuple):
    """One format."""

    fits: Callable[[JsonValue], bool]
    """Whether a document looks like it; the first that fits reads it."""
    read: Callable[[JsonValue, Mapping[str, str]], Iterator[Report]]
    """Its reports, given the headers that it came with; BadInput says what is wrong."""


MONITORS: dict[str, Adapter] = {
    "alertmanager": Adapter(alertmanager.fits, alertmanager.read),
    "dbt": Adapter(dbt.fits, dbt.read),
    "great_expectations": Adapter(great_expectations.fits, great_expectations.read),
    "openlineage": Adapter(openlineage.fits, openlineage.read),
    "datacontract": Adapter(datacontract.fits, datacontract.read),
    "soda": Adapter(soda.fits, soda.read),
    "evidently": Adapter(evidently.fits, evidently.read),
    "pointblank": Adapter(pointblank.fits, pointblank.read),
}
"""What a CloudEvent may carry; from the most particular form to the least."""

OURS = {"ostler": Adapter(plain.fits, plain.read)}
