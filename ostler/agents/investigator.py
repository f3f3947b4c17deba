"""Investigate: measure the contract and the drift, and say what of it is a finding."""

from ostler.agents.context import GroomingContext
from ostler.agents.outputs import Investigation
from ostler.core.checks import Check, CheckResult, Reported
from ostler.core.items import Alert, Finding
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
    if context.alert is not None:
        failing = _alerted(context, context.alert, failing)
    return Investigation(
        rows=context.around.view.row_count, results=tuple(results), findings=tuple(failing)
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


def _alerted(context: GroomingContext, alert: Alert, failing: list[Finding]) -> list[Finding]:
    """The findings that an alert is about; the alert itself when no check of ours confirms it."""
    about = [
        finding
        for finding in failing
        if not alert.columns or set(finding.result.check.rule.columns) & set(alert.columns)
    ]
    if about:
        return about
    result = CheckResult(
        check=Check(rule=Reported(alert=alert.id, what=alert.summary), severity=alert.severity),
        failing=1,
        total=1,
        observed="reported, not confirmed by a check",
        passed=False,
    )
    return [_finding(context, result, "alert", alert.summary)]
