"""Mining: from a table to the cards that a person is asked about."""

from collections.abc import Sequence

from ostler.core.experience import Experience
from ostler.core.proposals import Draft
from ostler.tools.repair.arbitration import arbitrate
from ostler.tools.repair.asking import PASSES, chance_of, questions
from ostler.tools.repair.candidates import Candidates, Ground
from ostler.tools.repair.grid import Grid
from ostler.tools.repair.learning import belief, believed, tried, unrefused
from ostler.tools.repair.miners import MINERS
from ostler.tools.repair.packing import basis_of, pack
from ostler.tools.repair.teaching import as_asked, lessons


def mine(
    grid: Grid,
    dataset: str,
    experience: Experience = Experience(),  # noqa: B008  # frozen
    principles: Sequence[str] = tuple(MINERS),
) -> tuple[Draft, ...]:
    """The cards that some principles find on a table, after what people answered so far."""
    grid = as_asked(grid, experience)
    ground = Ground(grid, experience)
    found = [one for name in principles for one in MINERS[name](ground)]
    candidates, doubts = arbitrate(grid, found)
    taught = lessons(grid, experience)
    candidates = [one for each in candidates if len((one := tried(grid, taught, each)).rows)]
    candidates = learned(grid, dataset, candidates, experience)
    packed = pack(grid, dataset, candidates, experience)
    cards = [card for card in packed if chance_of(card.draft) >= PASSES]
    return (*(card.draft for card in cards), *questions(ground, candidates, doubts, cards))


def learned(
    grid: Grid, dataset: str, candidates: Sequence[Candidates], experience: Experience
) -> list[Candidates]:
    """Candidates with what people's answers leave of them."""
    left = [one for each in candidates if len((one := unrefused(grid, experience, each)).rows)]
    return [
        believed(
            one,
            belief(
                basis_of(grid, "likely", [one]),
                float(one.scores.mean()),
                dataset,
                experience.answers,
            ).factor,
        )
        for one in left
    ]
