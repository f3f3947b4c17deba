"""The miners: each looks at the grid from one principle and yields what it finds."""

from ostler.tools.repair.candidates import Miner
from ostler.tools.repair.miners.consensus import mine_consensus
from ostler.tools.repair.miners.sources import mine_sources
from ostler.tools.repair.miners.spelling import mine_spelling

MINERS: dict[str, Miner] = {
    "consensus": mine_consensus,
    "sources": mine_sources,
    "spelling": mine_spelling,
}
"""Every miner by its principle, in the order in which they run."""
