"""Whatever data says, the terminal gets letters: no escapes, no controls, no links, no order."""

import asyncio
import re
import tempfile
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from console_cases import (
    AMOUNT,
    CITY,
    HOSTILE_TEXTS,
    LINK,
    hostile,
    hostile_pairs,
    hostile_question,
)
from console_desk import NOW, build_desk
from console_screen import console, drawn, paste, press, screen, segments, settle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from ostler.core.errors import NotAllowed
from ostler.core.items import Alert
from ostler.tui.card import Shown, card_lines

FORBIDDEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}

texts = st.sampled_from(HOSTILE_TEXTS) | st.text(
    st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60
)
"""Surrogates are left out because neither Parquet nor SQLite can hold them."""


def assert_harmless(pilot: Pilot[None]) -> None:
    for line in segments(pilot):
        for text, style, control in line:
            assert not control
            assert not {unicodedata.category(c) for c in text} & FORBIDDEN, ascii(text)
            assert style is None or (style.link is None and "@click" not in (style.meta or {}))
    sent = drawn(pilot).render_segments(pilot.app.console)
    rest = re.sub(r"\x1b\[[0-9;]*[mH]", "", sent)
    assert not {unicodedata.category(c) for c in rest if c != "\n"} & FORBIDDEN, ascii(rest)


async def walk_through_all_screens(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cases = [hostile(text), replace(hostile(text, 1.0), changes=CITY.changes)]
        desk = build_desk(Path(folder) / "demo", cases, reviewer=text.strip() or "ana")

        def work() -> str:
            raise NotAllowed(text, text)

        async with console(desk, size=(110, 30), work=work) as pilot:
            assert_harmless(pilot)
            for key in ("J", "enter", "G", "escape", "a", "enter", "w"):
                await press(pilot, key)
                assert_harmless(pilot)
            await press(pilot, "r")
            await paste(pilot, text)
            assert_harmless(pilot)
            await press(pilot, "escape", "slash")
            await paste(pilot, text)
            assert_harmless(pilot)
            await press(pilot, "escape", "v")
            assert_harmless(pilot)
            assert pilot.app.is_running
        desk.store.close()


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)
def test_hostile_text_on_every_screen(text: str) -> None:
    asyncio.run(walk_through_all_screens(text))


SHEETS = (
    ("s", "space strikes"),
    ("d", "what is right?"),
    ("f", "All of them ought to say"),
)


@pytest.mark.parametrize("text", [LINK, "".join(HOSTILE_TEXTS[1:])], ids=["link", "all"])
async def test_hostile_text_where_cards_are_edited_and_questions_answered(
    tmp_path: Path, text: str
) -> None:
    desk = build_desk(tmp_path / "demo", [hostile_pairs(text), hostile_question(text)])
    async with console(desk, size=(80, 24)) as pilot:
        await press(pilot, "enter")
        assert_harmless(pilot)
        for key, shown in SHEETS:
            await press(pilot, key)
            assert shown in screen(pilot)
            assert_harmless(pilot)
            await press(pilot, "escape")
        await press(pilot, "right_square_bracket", "a")
        assert "1-9 picks" in screen(pilot)
        for key in ("1", "enter"):
            assert_harmless(pilot)
            await press(pilot, key)
        await paste(pilot, text)
        assert_harmless(pilot)
        await press(pilot, "enter", "s")
        assert "Send 1 answer?" in screen(pilot)
        assert_harmless(pilot)


@given(texts)
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_on_every_screen(text: str) -> None:
    asyncio.run(walk_through_all_screens(text))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    desk = build_desk(tmp_path_factory.mktemp("card") / "demo", [AMOUNT])
    [line] = desk.queue()
    card = desk.card(line.id)
    return Shown(card, desk.changes(card, 20), more=True)


@given(texts, st.integers(12, 140))
def test_any_text_in_any_part_of_a_card(shown: Shown, text: str, width: int) -> None:
    proposal, item = shown.card.record.proposal, shown.card.item
    first, second = proposal.dry_run.effects
    hostile_card = replace(
        shown.card,
        record=replace(
            shown.card.record,
            reason=text,
            proposal=proposal.model_copy(
                update={
                    "id": text,
                    "dataset": text,
                    "sentence": text,
                    "draft": proposal.draft.model_copy(
                        update={
                            "rationale": text,
                            "tool": text,
                            "evidence": proposal.draft.evidence.model_copy(
                                update={"summary": text}
                            ),
                        }
                    ),
                    "patch": proposal.patch.model_copy(update={"columns": (text, "b")}),
                    "dry_run": proposal.dry_run.model_copy(
                        update={
                            "effects": (
                                first.model_copy(
                                    update={"check": first.check.model_copy(update={"name": text})}
                                ),
                                second,
                            ),
                            "downstream": (text,),
                            "context": ((text, ((text, text), ("b", text))),),
                        }
                    ),
                    "verdict": proposal.verdict.model_copy(
                        update={"rules": (text,), "reasons": (text, text), "roles": (text,)}
                    ),
                    "rank": proposal.rank.model_copy(
                        update={
                            "parts": tuple(
                                part.model_copy(update={"name": text, "because": text})
                                for part in proposal.rank.parts
                            )
                        }
                    ),
                }
            ),
        ),
        item=item.model_copy(update={"title": text, "source": text, "finding": text}),
        refusal=text,
        alerts=(Alert(id=text, dataset=text, source=text, summary=text),) * 5,
    )
    changes = tuple(
        change.model_copy(update={"row": text, "column": text, "old": text, "new": f"{text}x"})
        for change in shown.changes
    )
    lines = card_lines(Shown(hostile_card, changes, more=True), width, NOW)
    for line in lines:
        assert not {unicodedata.category(c) for c in line.plain} & FORBIDDEN
    headings = ("WHY", "DIFF", "CHECKS", "POLICY", "RANK", "RATIONALE")
    found = [line.plain.split()[0] for line in lines[2:] if line.plain.startswith(headings)]
    if not text.startswith(headings):
        assert found == list(headings)


async def test_a_click_on_a_link_in_a_cell_does_nothing(tmp_path: Path) -> None:
    desk = build_desk(tmp_path / "demo", [hostile(HOSTILE_TEXTS[0]), CITY])
    async with console(desk) as pilot:
        rows = screen(pilot).splitlines()
        places = [(row.index("[@click"), y) for y, row in enumerate(rows) if "[@click" in row]
        assert len(places) > 3
        for x, y in places:
            await pilot.click(offset=(x + 2, y))
        await settle(pilot)
        assert pilot.app.is_running
        assert desk.queue() and "[@click=app.quit]" in screen(pilot)
