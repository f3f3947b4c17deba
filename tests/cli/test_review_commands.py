"""`ostler review` without a console: drills by hand and at the rate of the settings, the report."""

from pathlib import Path

PLACES = ("Lisbon,1000", "Oslo,2000", "Madrid,3000", "Vienna,4000")


def test_drills_come_at_the_rate_of_the_settings_and_by_hand_and_are_reported(
    run, tmp_path: Path
) -> None:
    lines = [f"p{n},{PLACES[n % 4]}" for n in range(120)]
    for n in (4, 25, 34, 47, 60, 81):
        lines[n] = lines[n].replace("o", "x", 1).replace("enn", "exn")
    (tmp_path / "people.csv").write_text("\n".join(["name,city,zip", *lines]) + "\n")
    run("init")
    for name in ("people", "others"):
        run("add", "people.csv", "--name", name)
    missing = run("review", "--drill", "people")
    assert (missing.code, "no card to make a drill of" in missing.err) == (2, True)

    def waiting(dataset: str = "people") -> set[str]:
        queue = run("queue", "--json").json
        return {one["id"] for one in queue if one["cells"] and one["dataset"] == dataset}

    for name in ("people", "others"):
        run("groom", name)
    real = waiting()
    assert run("approve", *waiting("others")).code == 0
    assert run("work", "--once").code == 0
    assert waiting() == real
    with (tmp_path / "ostler.yaml").open("a") as settings:
        settings.write("drills: {per_hundred: 50}\n")
    assert run("work", "--once").code == 0
    [drill] = waiting() - real
    # Nothing says that it is one until somebody has decided.
    assert "drill" not in run("show", drill).out + run("show", drill, "--json").out
    assert "it was a drill, and you caught it" in run("reject", drill, "--because", "no").err
    assert "(100 %)" in run("review", "--report").out

    assert run("review", "--drill", "people", "--json").json["waiting"] > len(real)
    [second] = waiting() - real
    assert "you missed it" in run("approve", second).err
    [ana] = run("review", "--report", "--json").json
    drills = [ana[f"drills_{what}"] for what in ("seen", "caught", "missed")]
    assert (ana["reviewer"], drills, ana["catch_rate"]) == ("ana", [2, 1, 1], 0.5)
    assert run("work", "--once").code == 0
    assert [one["version"] for one in run("log", "people", "--json").json] == [0]
    assert run("audit", "verify").code == 0
