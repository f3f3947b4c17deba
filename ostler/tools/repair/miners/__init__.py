"""The miners: each looks at the grid from one principle and yields what it finds."""

from ostler.tools.repair.candidates import Miner
from ostler.tools.repair.miners.blanks import mine_blanks
from ostler.tools.repair.miners.case import mine_case
from ostler.tools.repair.miners.consensus import mine_consensus
from ostler.tools.repair.miners.forms import mine_forms
from ostler.tools.repair.miners.outliers import mine_outliers
from ostler.tools.repair.miners.spelling import mine_spelling
from ostler.tools.repair.miners.taught import mine_taught

MINERS: dict[str, Miner] = {
    "consensus": mine_consensus,
    "form": mine_forms,
    "spelling": mine_spelling,
    "case": mine_case,
    "blanks": mine_blanks,
    "outlier": mine_outliers,
    "taught": mine_taught,
}
"""Every miner by its principle, in the order in which they run."""
