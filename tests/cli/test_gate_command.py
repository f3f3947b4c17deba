"""A gate beside proposals that wait."""

from pathlib import Path


def test_an_item_that_a_proposal_waits_for_is_not_closed_over_its_head(
    run, workspace: Path
) -> None:
    assert run("contract", "infer", "people").code == 0
    contract = workspace / "contracts" / "people.odcs.yaml"
    # In the order in which the miner names them: the contract's check and its own are then one.
    text = contract.read_text(encoding="utf-8").replace("[N/A, n/a]", "[n/a, N/A]")
    contract.write_text(text, encoding="utf-8")
    assert run("groom", "people").code == 0
    waiting = [proposal["id"] for proposal in run("queue", "--json").json]
    held = {run("show", name, "--json").json["item"] for name in waiting}
    contract.write_text(text.replace("mustBe: 0", "mustBeLessOrEqualTo: 99"), encoding="utf-8")
    run("gate", "people", "--open-items")
    items = {one["id"]: one for one in run("item", "--json").json}
    annotated = [
        one for one in items.values() if any("holds again" in said for said in one["metrics"])
    ]
    assert annotated
    assert all(one["state"] == "open" and one["id"] in held for one in annotated)
