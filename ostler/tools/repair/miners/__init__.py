"""The miners: each looks at the grid from one principle and yields what it finds."""

from ostler.tools.repair.candidates import Miner
from ostler.tools.repair.miners.arithmetic import mine_arithmetic
from ostler.tools.repair.miners.consensus import mine_consensus
from ostler.tools.repair.miners.derived import mine_derived
from ostler.tools.repair.miners.outliers import mine_outliers
from ostler.tools.repair.miners.spelling import mine_spelling

MINERS: dict[str, Miner] = {
    "consensus": mine_consensus,
    "spelling": mine_spelling,
    "arithmetic": mine_arithmetic,
    "derived": mine_derived,
    "outlier": mine_outliers,
}
"""Every miner by its principle, in the order in which they run."""
