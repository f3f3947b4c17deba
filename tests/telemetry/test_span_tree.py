"""A run as a trace: what is stored, and how it reads as a tree."""

import contextvars
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostler.core.errors import BadInput, Conflict, NotFound
from ostler.telemetry import names
from ostler.telemetry.setup import NO_TELEMETRY, Telemetry, open_telemetry
from ostler.telemetry.spans import TreeLine, read_trace, traces_of, tree
from ostler.telemetry.traceparent import derived
from ostler.telemetry.values import MAX_LENGTH, Value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "spans.db"


@pytest.fixture
def telemetry(file: Path) -> Iterator[Telemetry]:
    opened = open_telemetry(file)
    yield opened
    opened.close()
    assert opened.problems == ()


def drawn(lines: tuple[TreeLine, ...]) -> str:
    out: list[str] = []
    for line in lines:
        indent = "  " * line.depth
        facts = [f"{name}={value}" for name, value in line.attributes]
        marks = ["!", line.message] if line.status == "error" else []
        linked = [f"<- {len(line.links)}"] if line.links else []
        out.append(indent + " ".join([line.name, *facts, *marks, *linked]))
        for name, attributes in line.events:
            out.append(f"{indent}  * {name} " + " ".join(f"{k}={v}" for k, v in attributes))
    return "\n".join(out)


def groom(telemetry: Telemetry) -> str:
    """A run as the grooming graph makes it; the traceparent of the span that parked."""
    with telemetry.span(
        names.span_name(names.INVOKE_WORKFLOW, "groom"),
        attributes={
            names.OPERATION_NAME: names.INVOKE_WORKFLOW,
            names.RUN_ID: "R-1",
            names.CONVERSATION_ID: "R-1",
            names.DATASET: "people",
            names.TABLE_VERSION: 3,
        },
    ):
        with telemetry.span(names.span_name(names.INVOKE_AGENT, "proposer")) as agent:
            for tool in ("formats", "misspellings"):
                with telemetry.span(
                    names.span_name(names.EXECUTE_TOOL, tool),
                    attributes={names.TOOL_NAME: tool, names.TOOL_VERSION: "1", names.FINDINGS: 2},
                ):
                    pass
            with telemetry.span("chat m", "client", {names.REQUEST_MODEL: "m"}) as chat:
                chat.event("retry", {"attempt": 2})
                chat.error("The model did not answer in time.")
            agent.set({names.FALLBACK_REASON: "timeout", names.PROPOSALS: None})
        with telemetry.span(names.GATE, attributes={names.POLICY_RULES: ("one-vote", "freeze")}):
            pass
        with telemetry.span(names.PARK, attributes={names.PROPOSALS: 2}) as park:
            return park.traceparent


def test_a_run_and_its_execution_are_two_linked_traces(telemetry: Telemetry, file: Path) -> None:
    parked = groom(telemetry)
    with (
        pytest.raises(Conflict),
        telemetry.span(names.EXECUTE, attributes={names.RUN_ID: "R-1"}, links=(parked,)),
        telemetry.span("stage"),
    ):
        raise Conflict("The cells have moved on.")
    run, execution = traces_of(file, "R-1")
    assert parked.split("-")[1] == run
    assert drawn(tree(read_trace(file, run))) == (
        "invoke_workflow groom dataset=people table.version=3\n"
        "  invoke_agent proposer fallback.reason=timeout\n"
        "    execute_tool formats tool.version=1 findings=2\n"
        "    execute_tool misspellings tool.version=1 findings=2\n"
        "    chat m ! The model did not answer in time.\n"
        "      * retry attempt=2\n"
        "  groom.gate policy.rules=one-vote, freeze\n"
        "  groom.park proposals=2"
    )
    assert drawn(tree(read_trace(file, execution))) == (
        "groom.execute ! The cells have moved on. <- 1\n  stage ! The cells have moved on."
    )
    (line, _) = tree(read_trace(file, execution))
    assert line.links == (run,)
    assert all(span.kind == "client" for span in read_trace(file, run) if span.name == "chat m")
    assert all(line.duration_ms >= 0 for line in tree(read_trace(file, run)))


def test_a_span_continues_the_trace_of_its_parent(telemetry: Telemetry, file: Path) -> None:
    with telemetry.span("first") as first:
        pass
    with telemetry.span("unrelated"), telemetry.span("second", parent=first.traceparent) as second:
        pass
    trace_id = first.traceparent.split("-")[1]
    assert second.traceparent.split("-")[1] == trace_id
    assert drawn(tree(read_trace(file, trace_id))) == "first\n  second"


def test_traces_stay_apart_when_random_numbers_are_seeded(telemetry: Telemetry, file: Path) -> None:
    for _ in range(3):
        random.seed(7)
        with telemetry.span("s", attributes={names.RUN_ID: "R-1"}):
            pass
    assert len(traces_of(file, "R-1")) == 3


def test_a_trace_whose_root_never_ended_is_still_a_tree(telemetry: Telemetry, file: Path) -> None:
    with telemetry.span("root") as root:
        with telemetry.span("a"), telemetry.span("b"):
            pass
        with telemetry.span("c"):
            pass
        seen_by_others = read_trace(file, root.traceparent.split("-")[1])
    assert drawn(tree(seen_by_others)) == "a\n  b\nc"


def test_a_trace_can_be_named_before_it_begins(telemetry: Telemetry, file: Path) -> None:
    named = derived("run", "R-1")
    assert named == derived("run", "R-1") != derived("run", "R-2")
    with telemetry.span("run", parent=named) as span:
        pass
    assert span.traceparent.split("-")[1] == named.split("-")[1]
    assert drawn(tree(read_trace(file, named.split("-")[1]))) == "run"


def test_spans_of_threads_nest_where_their_context_says(telemetry: Telemetry, file: Path) -> None:
    def work(number: int) -> None:
        with telemetry.span(f"part {number}"):
            pass

    with telemetry.span("all") as root, ThreadPoolExecutor(8) as pool:
        for number in range(40):
            pool.submit(contextvars.copy_context().run, work, number)
    lines = tree(read_trace(file, root.traceparent.split("-")[1]))
    assert [line.depth for line in lines] == [0] + [1] * 40
    assert {line.name for line in lines[1:]} == {f"part {number}" for number in range(40)}


def test_messages_of_foreign_errors_are_not_recorded(telemetry: Telemetry, file: Path) -> None:
    with pytest.raises(ValueError, match="secret"), telemetry.span("s") as span:
        int("secret cell")
    (record,) = read_trace(file, span.traceparent.split("-")[1])
    assert (record.status, record.attributes[names.ERROR_TYPE]) == ("error", "ValueError")
    assert record.message.startswith("ValueError at test_span_tree.py:")
    assert b"secret" not in b"".join(part.read_bytes() for part in file.parent.iterdir())


def test_long_values_are_cut_visibly(telemetry: Telemetry, file: Path) -> None:
    with telemetry.span("s", attributes={"text": "x" * (MAX_LENGTH + 7)}) as span:
        span.set({"many": [str(n) for n in range(60)], "none": None})
    (record,) = read_trace(file, span.traceparent.split("-")[1])
    assert record.attributes["text"] == "x" * MAX_LENGTH + "… [7 more characters]"
    many = record.attributes["many"]
    assert isinstance(many, list)
    assert many[-2:] == ["49", "… [10 more]"]
    assert "none" not in record.attributes


hostile = st.sampled_from(["\ud800", "\x00", "\x1b]0;x\x07", "'; DROP TABLE span; --"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | hostile
values = scalars | st.lists(st.text() | hostile, max_size=4)


@settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(), st.dictionaries(st.text(min_size=1), values, max_size=5), st.text())
def test_no_name_value_or_link_breaks_a_trace(
    telemetry: Telemetry, file: Path, name: str, attributes: dict[str, Value], link: str
) -> None:
    with telemetry.span(name, attributes=attributes, links=(link,), parent=link) as span:
        span.event(name, attributes)
    (record,) = read_trace(file, span.traceparent.split("-")[1])
    kept = {key for key, value in attributes.items() if value is not None}
    assert len(record.attributes) == len(kept)
    assert record.events[0].attributes == record.attributes
    assert record.links == ()
    for key, value in attributes.items():
        if isinstance(value, str):
            assert record.attributes[key] == escaped(value)
        if isinstance(value, list):
            assert record.attributes[key] == [escaped(item) for item in value]


def escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def test_no_telemetry_does_nothing(telemetry: Telemetry) -> None:
    with telemetry.span("outer"), NO_TELEMETRY.span("s", attributes={"a": 1}) as span:
        span.set({"b": 2})
        span.event("e")
        assert span.traceparent == ""
    with pytest.raises(KeyError), NO_TELEMETRY.span("s"):
        raise KeyError
    NO_TELEMETRY.close()
    assert NO_TELEMETRY.problems == ()


def test_a_trace_is_found_by_the_beginning_of_its_id(telemetry: Telemetry, file: Path) -> None:
    for _ in range(17):
        with telemetry.span("s") as span:
            pass
    trace_id = span.traceparent.split("-")[1]
    assert read_trace(file, trace_id[:20].upper()) == read_trace(file, trace_id)
    with sqlite3.connect(file) as db:
        ids = [row[0] for row in db.execute("SELECT trace_id FROM span")]
    db.close()
    twice = next(c for c in "0123456789abcdef" if sum(i.startswith(c) for i in ids) > 1)
    with pytest.raises(BadInput, match="Several traces"):
        read_trace(file, twice)
    for unknown in ("0" * 32, "", "xyz", "%", "R-1"):
        with pytest.raises(NotFound):
            read_trace(file, unknown)
    assert traces_of(file, "R-1") == ()


def test_a_missing_or_foreign_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no traces yet"):
        traces_of(tmp_path / "none.db", "R-1")
    foreign = tmp_path / "spans.db"
    foreign.write_text("not a database, but long enough to be looked at" * 100)
    with pytest.raises(BadInput, match="cannot be read"):
        read_trace(foreign, "ab")


def test_the_sdk_is_not_loaded_until_telemetry_is_opened() -> None:
    code = (
        "import sys, ostler.telemetry.setup, ostler.telemetry.spans;"
        "print([m for m in sys.modules if m.startswith(('opentelemetry.sdk', 'requests'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
