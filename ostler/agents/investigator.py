"""Investigate: measure the contract and the drift, and say what of it is a finding."""

from ostler.agents.context import GroomingContext
from ostler.agents.outputs import Investigation
from ostler.core.checks import CheckResult
from ostler.core.items import Alert, Finding, reported_check
from ostler.tools.registry import Checks, Measurements, Reference


def investigate(context: GroomingContext) -> Investigation:
    """Every check of the contract, drift against the reference, and the alert beside them."""
    context.progress("measuring the contract's checks")
    measured = context.call("quality.measure", Checks(checks=context.checks), Measurements)
    findings = [_finding(context, result, "contract") for result in measured.results]
    results = list(measured.results)
    if context.reference is not None:
        context.progress(f"comparing with version {context.reference}")
        drift = context.call("drift.measure", Reference(version=context.reference), Measurements)
        results += drift.results
        findings += [
            _finding(context, result, "drift", sentence)
            for result, sentence in zip(drift.results, drift.explanations, strict=True)
        ]
    failing = [finding for finding in findings if not finding.result.passed]
    if context.alerts:
        failing = _alerted(context, failing)
    return Investigation(
        rows=context.around.row_count, results=tuple(results), findings=tuple(failing)
    )


def _finding(
    context: GroomingContext, result: CheckResult, source: str, evidence: str = ""
) -> Finding:
    return Finding.model_validate(
        {
            "dataset": context.dataset.name,
            "version": context.version,
            "result": result,
            "source": source,
            "evidence": evidence,
        }
    )


def _alerted(context: GroomingContext, failing: list[Finding]) -> list[Finding]:
    """The findings that alerts are about; an alert itself when no check of ours confirms it."""
    about: dict[str, Finding] = {}
    for alert in context.alerts:
        confirming = [
            finding
            for finding in failing
            if not alert.columns or set(finding.result.check.rule.columns) & set(alert.columns)
        ]
        for finding in confirming or [_reported(context, alert)]:
            about[finding.id] = finding
    return list(about.values())


def _reported(context: GroomingContext, alert: Alert) -> Finding:
    result = CheckResult(
        check=reported_check(alert),
        failing=1,
        total=1,
        observed="reported, not confirmed by a check",
        passed=False,
    )
    return _finding(context, result, "alert", _evidence(alert))


def _evidence(alert: Alert) -> str:
    saw = ", ".join(f"{name} {number}" for name, number in alert.observed)
    return f"{alert.summary} ({saw})" if saw else alert.summary
