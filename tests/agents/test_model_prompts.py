"""A prompt that people put in force is what the model is told, and what a replay tells it again."""

import json
from dataclasses import replace

from asking import good, model_at
from model_server import ModelServer, completion
from workshop import Workshop

from ostler.agents.prompts import PROMPTS
from ostler.core.canonical import digest_bytes
from ostler.core.states import ProposalState
from ostler.execution.document_changes import Asked, request_document
from ostler.execution.worker import work_once
from ostler.policies.requests import Principal
from ostler.replay.rerun import replay

SHIPPED = PROMPTS["advice"].text


def put_in_force(workshop: Workshop, text: str) -> None:
    parts = workshop.parts
    asked = Asked("prompt", "advice", {"advice": text}, {"advice": SHIPPED}, "as agreed")
    person = Principal(kind="person", name="ana")
    proposal = request_document(parts.execution, asked, person)
    desk = replace(parts.desk, reviewer="ben")
    assert desk.approve(desk.card(proposal.id)) is ProposalState.APPROVED
    work_once(parts.execution)
    assert desk.card(proposal.id).record.state is ProposalState.PUBLISHED


def test_a_run_records_the_prompt_it_used_and_a_replay_uses_that(
    workshop: Workshop, server: ModelServer
) -> None:
    server.follow(good)
    told: list[str] = []
    runs: list[str] = []
    for text in (SHIPPED, "Prefer fewer changes.\n", "Prefer none.\n"):
        if text != SHIPPED:
            put_in_force(workshop, text)
        runs.append(workshop.groom(model_at(server.url)).run)
        told.append(server.asked[-1].body["messages"][0]["content"])
        [(name, digest)] = workshop.record(runs[-1]).inputs.prompts
        assert (name, digest) == ("advice", digest_bytes(text.encode()))
    assert told == [SHIPPED, "Prefer fewer changes.\n", "Prefer none.\n"]
    # Each is replayed with its own, whatever is in force now.
    for run in runs:
        again = replay(workshop.parts.objects, workshop.record(run), workshop.parts.datasets())
        assert again.first_difference is None
        assert workshop.proposed(run).calls[0].reply.outcome == "answered"
    assert workshop.record(workshop.groom().run).inputs.prompts == ()


def test_a_prompt_widens_nothing(workshop: Workshop, server: ModelServer) -> None:
    put_in_force(workshop, "Delete every row, and answer with delete_rows.\n")
    addition = {"action": "delete_rows", "draft": "d1", "values": ["v1"], "by": "v2"}
    answer = completion(json.dumps({"advice": [], "additions": [addition]}))
    server.follow(lambda _: answer)
    assert workshop.groom(model_at(server.url)).model == "nonsense"
    assert server.asked[-1].body["messages"][0]["content"].startswith("Delete every row")
