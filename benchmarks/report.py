"""What was measured, as JSON and as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from measured import CHECKPOINTS, Measured
from scoring import ClassScore, Score


def as_json(measured: Measured, decisions: int) -> dict[str, Any]:
    """One object. `seconds` is the mean of a groom, `cpu_seconds` its processor time."""
    return {
        "sha256": measured.sha256,
        "repair_f1": measured.final.repair_f1,
        "detection_f1": measured.final.detection_f1,
        "precision": measured.final.precision,
        "recall": measured.final.recall,
        "curve": [_point(n, measured.after(n)) for n in CHECKPOINTS if n <= decisions],
        "decisions_used": len(measured.decided),
        "decisions_to_f1_0.8": measured.decisions_to(0.8),
        "decisions_to_f1_0.9": measured.decisions_to(0.9),
        "decisions_to_90_percent_of_final": measured.decisions_to_most,
        "rejected_share": measured.rejected_share,
        "broken_per_100": measured.final.broken_per_100,
        "seconds": measured.groom.seconds,
        "cpu_seconds": measured.groom.cpu,
        "grooms": [asdict(one) for one in measured.grooms],
        "seconds_of_all_commands": measured.seconds,
        "counts": asdict(measured.final),
        "peers": {name: _point(0, score) for name, score in measured.peers.items()},
        "classes": {name: asdict(one) for name, one in measured.classes.items()},
        "cards": [asdict(one) for one in measured.decided],
    }


def _point(decisions: int, score: Score) -> dict[str, float]:
    return {
        "decisions": decisions,
        "precision": score.precision,
        "recall": score.recall,
        "repair_f1": score.repair_f1,
        "detection_f1": score.detection_f1,
    }


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(_shown, line))} |" for line in lines)


def _shown(cell: object) -> str:
    if cell is None:
        return "never"
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def as_markdown(measured: Measured, decisions: int) -> str:
    """The curve, the peers, and what was decided."""
    heads = ("", "precision", "recall", "repair F1", "detection F1")
    ours = [
        (f"after {n} decisions", *_numbers(measured.after(n)))
        for n in CHECKPOINTS
        if n <= decisions
    ]
    peers = [(name, *_numbers(score)) for name, score in measured.peers.items()]
    cards = [
        (n, one.answer, f"{one.right} of {one.seen}", one.cells, one.state, cut(one.sentence))
        for n, one in enumerate(measured.decided, 1)
    ]
    final = measured.final
    said = (
        f"{final.erroneous:,} of {final.cells:,} cells are wrong; sha256 {measured.sha256}",
        f"decisions: {len(measured.decided)} used; to F1 0.8: {never(measured.decisions_to(0.8))}"
        f", to 0.9: {never(measured.decisions_to(0.9))}, to 90 % of the final F1: "
        f"{never(measured.decisions_to_most)}; {percent(measured.rejected_share)} rejected",
        f"broken: {final.broken:,} clean cells, {_shown(final.broken_per_100)} "
        "per 100 correct repairs",
        f"time: {measured.groom.seconds:.1f} s a groom ({measured.groom.cpu:.1f} s of processor "
        f"time), {len(measured.grooms)} of them; "
        f"{measured.seconds:.0f} s in all commands",
    )
    parts = [
        table(heads, [*ours, *peers]),
        table(("card", "answer", "right", "cells", "then", "what"), cards),
        "\n".join(f"- {line}" for line in said),
    ]
    if measured.classes:
        parts.insert(2, classes_as_markdown(measured.classes))
    return "\n\n".join(parts)


def classes_as_markdown(classes: dict[str, ClassScore]) -> str:
    """Which errors were found, and which were repaired."""
    rows = [
        (name, one.errors, percent(one.changed / one.errors), percent(one.correct / one.errors))
        for name, one in sorted(classes.items())
    ]
    return table(("class of errors", "cells", "changed", "repaired"), rows)


def _numbers(score: Score) -> tuple[float, ...]:
    return score.precision, score.recall, score.repair_f1, score.detection_f1


def never(decisions: int | None) -> str:
    """A number of decisions, or that there is none."""
    return "never" if decisions is None else str(decisions)


def percent(share: float) -> str:
    """A share in whole percent."""
    return f"{share:.0%}".replace("%", " %")


def cut(sentence: str) -> str:
    """A card's sentence in one short line that is safe to print."""
    # Sentences quote data, and data may hold what Markdown or a terminal takes for its own.
    plain = "".join(char if char.isprintable() and char != "|" else "?" for char in sentence)
    return plain if len(plain) <= 70 else f"{plain[:69]}…"
