"""The miners: each looks at the grid from one principle and yields what it finds."""

from ostler.tools.repair.candidates import Miner
from ostler.tools.repair.miners.consensus import mine_consensus
from ostler.tools.repair.miners.fillers import mine_fillers
from ostler.tools.repair.miners.forms import mine_forms
from ostler.tools.repair.miners.scales import mine_scales
from ostler.tools.repair.miners.spelling import mine_spelling

MINERS: dict[str, Miner] = {
    "consensus": mine_consensus,
    "form": mine_forms,
    "filler": mine_fillers,
    "scale": mine_scales,
    "spelling": mine_spelling,
}
"""Every miner by its principle, in the order in which they run."""
