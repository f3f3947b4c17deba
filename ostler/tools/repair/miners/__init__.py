"""The miners: each looks at the grid from one principle and yields what it finds."""

from ostler.tools.repair.candidates import Miner
from ostler.tools.repair.miners.consensus import mine_consensus
from ostler.tools.repair.miners.spelling import mine_spelling
from ostler.tools.repair.miners.taught import mine_taught

MINERS: dict[str, Miner] = {
    "consensus": mine_consensus,
    "spelling": mine_spelling,
    "taught": mine_taught,
}
"""Every miner by its principle, in the order in which they run."""
