"""Profiles: what is kept per file changes nothing but the cost; references of every kind."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from drifting_tables import batch, in_cents, table_with, write

from ostler.core.checks import Check, Drift
from ostler.core.errors import BadInput, Conflict, NotFound
from ostler.tables.delta import VersionedTable
from ostler.tables.view import connect, view_of
from ostler.tools.drift import profile as profiles
from ostler.tools.drift.measure import measure_drift
from ostler.tools.drift.naming import parse_reference
from ostler.tools.drift.profile import Profile, profile_of
from ostler.tools.drift.references import reference_view
from ostler.tools.drift.report import drift_report
from ostler.tools.drift.stored import (
    load_profile,
    remove_profile,
    save_profile,
    stored_profiles,
)
from ostler.tools.neighbours import neighbours
from ostler.tools.quality.measure import measure
from ostler.tools.states import States

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def told(profile: Profile) -> dict[str, object]:
    """Everything that a profile says."""
    return {
        name: (
            one.rows,
            one.missing,
            one.numbers.exact,
            one.numbers.low.tolist(),
            one.numbers.high.tolist(),
            one.numbers.count.tolist(),
            one.texts,
            one.looked,
        )
        for name, one in profile.columns.items()
    }


@pytest.mark.parametrize("exact", [True, False])
def test_with_what_is_known_of_files_or_without_it_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exact: bool
) -> None:
    monkeypatch.setattr(profiles, "SMALL_ROWS", 0)
    monkeypatch.setattr(profiles, "EXACT_ROWS", 10**6 if exact else 0)
    folder = tmp_path / "t"
    for place in range(3):
        write(folder, batch(400, place, place * 10**6))
    DeltaTable(folder).update(updates={"amount": "'7'"}, predicate="site = 'a' AND id < 1000")
    DeltaTable(folder).delete("kind = 'w'")
    write(folder, {**batch(300, 9, 10**9), "late": np.arange(300) / 7})
    table, states = VersionedTable(str(folder), ("id",)), States(tmp_path / "states")
    for version in (0, 2, 3, 4, 5, 1):
        view = table.view(version)
        whole = told(profile_of(view_of(view.arrow(f"SELECT * FROM {view.source}"), ("id",))))
        assert told(profile_of(view)) == whole
        assert told(profile_of(view, states=states)) == whole
        assert told(profile_of(view, states=states)) == whole


def test_damaged_states_are_counted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "SMALL_ROWS", 0)
    write(tmp_path / "t", batch(400, 1, 0))
    view, states = VersionedTable(str(tmp_path / "t"), ("id",)).view(), States(tmp_path / "states")
    expected = told(profile_of(view, states=states))
    for file in (tmp_path / "states").rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[:-9])
    assert told(profile_of(view, states=states)) == expected


def test_columns_of_every_type_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connect()
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE kinds AS SELECT i AS id, i / 3.0 AS d,
               i::DECIMAL(9, 2) AS m,
               CASE WHEN i % 4 = 0 THEN NULL WHEN i % 9 = 0 THEN 'nan'::DOUBLE ELSE i END AS n,
               i % 2 = 0 AS b, DATE '2026-01-01' + i::INTEGER AS day, [i, 1] AS list,
               printf('%.4f', i / 7.0) AS written, (i::HUGEINT << 70) AS huge, NULL::DOUBLE AS none
           FROM range(500) t(i)"""
    )
    view = view_of("kinds", ("id",), connection=connection)
    for rows in (10**6, 0):
        monkeypatch.setattr(profiles, "EXACT_ROWS", rows)
        columns = profile_of(view).columns
        assert {name for name, one in columns.items() if one.numeric} == {
            "id", "d", "m", "written", "huge"
        }  # fmt: skip
        assert {name for name, one in columns.items() if one.timely} == {"day"}
        assert (columns["n"].missing, columns["n"].odd) == (125, 42)
        assert columns["none"].missing == 500
        assert columns["id"].labelling and columns["huge"].labelling
        assert not columns["d"].labelling
        assert columns["b"].by_text() == {"false": 250, "true": 250}
    empty = view_of(pa.table({"id": pa.array([], pa.int64())}), ("id",))
    assert profile_of(empty).columns["id"].rows == 0


def test_a_stored_profile_says_what_its_version_said(tmp_path: Path) -> None:
    table = table_with(tmp_path / "t", in_cents)
    known = profile_of(table.view(0))
    about = save_profile(table, "january", 0, known, at=NOW, by="ana")
    assert told(load_profile(table, "january")) == told(known)
    assert stored_profiles(table) == (about,)
    assert (about.version, about.rows, about.by) == (0, 3000, "ana")
    with pytest.raises(Conflict, match="january"):
        save_profile(table, "january", 0, known, at=NOW, by="ana")
    for name in ("../x", "", "a b", ".hidden"):
        with pytest.raises(BadInput):
            save_profile(table, name, 0, known, at=NOW, by="ana")
    by_rows = drift_report(table, table.view(), 0)
    by_counts = drift_report(table, table.view(), "profile:january")
    assert [[r.value for r in one.results] for one in by_counts.columns] == [
        [r.value for r in one.results] for one in by_rows.columns
    ]
    assert [one.since for one in by_counts.columns] == [one.since for one in by_rows.columns]
    assert by_rows.together is not None and by_counts.together is None
    # Other readers of the table see no more than before.
    assert DeltaTable(tmp_path / "t").version() == 3
    remove_profile(table, "january")
    for gone in (remove_profile, load_profile):
        with pytest.raises(NotFound, match="january"):
            gone(table, "january")


def test_a_damaged_profile_is_refused_with_its_name(tmp_path: Path) -> None:
    table = table_with(tmp_path, None, rows=100)
    save_profile(table, "x", 0, profile_of(table.view(0)), at=NOW, by="ana")
    (path,) = tmp_path.rglob("x.json")
    path.write_text('{"about": 1}')
    with pytest.raises(BadInput, match="'x' is damaged"):
        load_profile(table, "x")


def test_the_last_versions_together_count_their_rows_once(tmp_path: Path) -> None:
    rows = batch(300, 1, 0)
    for _ in range(4):
        write(tmp_path, rows, mode="overwrite")
    table = VersionedTable(str(tmp_path), ("id",))
    other = batch(300, 2, 0)
    write_deltalake(tmp_path, pa.table({n: other[n] for n in ("id", "amount")}),
                    mode="overwrite", schema_mode="overwrite")  # fmt: skip
    rules = [
        Drift(column="amount", reference=reference, statistic=statistic, limit=0.1)
        for statistic in ("ks", "psi", "js", "wasserstein", "missing_rate", "chi2")
        for reference in (3, "last:4")
    ]
    view, results = table.view(), []
    for rule in rules:
        reference = reference_view(table, rule.reference, before=view.version)
        results.append(measure_drift(view, reference, [rule])[0])
    for one, window in zip(results[::2], results[1::2], strict=True):
        assert window.value == pytest.approx(one.value, abs=1e-5), one.rule.statistic
        assert window.p_value == pytest.approx(one.p_value, abs=1e-5), one.rule.statistic


def test_a_contract_may_name_any_reference(tmp_path: Path) -> None:
    table = table_with(tmp_path / "t", in_cents)
    save_profile(table, "january", 0, profile_of(table.view(0)), at=NOW, by="ana")
    rules = [
        Drift(column="amount", reference=reference, statistic="ks", limit=0.1)
        for reference in (0, "last:3", "profile:january")
    ]
    others = neighbours(rules, table, lambda _: None)
    found = measure(table.view(), [Check(rule=rule) for rule in rules], now=NOW, others=others)
    assert [result.passed for result in found] == [False, False, False]
    assert found[0].observed == found[2].observed
    with pytest.raises(NotFound, match="february"):
        neighbours(
            [rules[2].model_copy(update={"reference": "profile:february"})], table, lambda _: None
        )


def test_old_rules_read_as_ever_and_only_references_are_taken() -> None:
    old = '{"kind":"drift","column":"a","reference":3,"statistic":"psi","limit":0.2}'
    rule = Drift.model_validate_json(old)
    assert rule.reference == 3
    assert Check(rule=rule).id == "C-Y4BS5OJE"
    assert parse_reference("@3") == 3
    assert parse_reference("last:5") == "last:5"
    assert parse_reference("january") == parse_reference("profile:january") == "profile:january"
    for text in ("", "@", "last:0", "last:", "profile:", "../x", "a b", "@-1", "x" * 80):
        with pytest.raises(BadInput):
            parse_reference(text)
