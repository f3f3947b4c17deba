"""Spelling: rare values that come near a much more frequent one."""

from collections.abc import Iterator

from ostler.tools.repair.candidates import Candidates, Found, Ground, mapped
from ostler.tools.repair.spelling import nearest


def mine_spelling(ground: Ground) -> Iterator[Found]:
    """Rare spellings in columns whose values repeat."""
    grid = ground.grid
    for column in grid.changeable:
        if not column.is_text or column.numeric > 0.9 or not column.repeats:
            continue
        counts = dict(zip(column.values, column.counts.tolist(), strict=True))
        codes = {value: code for code, value in enumerate(column.values)}
        mapping = {codes[bad]: (good, 0.92) for bad, good in nearest(counts).items()}
        if mapping:
            rows, places, news, scores = mapped(grid, column.place, mapping)
            yield Candidates(
                principle="spelling",
                rule=f"rare values of {column.name} are spelt nearly like frequent ones",
                rows=rows,
                places=places,
                news=news,
                scores=scores,
            )
