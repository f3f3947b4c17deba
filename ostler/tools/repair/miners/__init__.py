"""The miners: each looks at the grid from one principle and yields what it finds."""

from ostler.tools.repair.candidates import Miner
from ostler.tools.repair.miners.alias import mine_alias
from ostler.tools.repair.miners.arithmetic import mine_arithmetic
from ostler.tools.repair.miners.blanks import mine_blanks
from ostler.tools.repair.miners.case import mine_case
from ostler.tools.repair.miners.consensus import mine_consensus
from ostler.tools.repair.miners.derived import mine_derived
from ostler.tools.repair.miners.encoding import mine_encoding
from ostler.tools.repair.miners.fillers import mine_fillers
from ostler.tools.repair.miners.forms import mine_forms
from ostler.tools.repair.miners.order import mine_order
from ostler.tools.repair.miners.outliers import mine_outliers
from ostler.tools.repair.miners.scales import mine_scales
from ostler.tools.repair.miners.slips import mine_slips
from ostler.tools.repair.miners.sources import mine_sources
from ostler.tools.repair.miners.spelling import mine_spelling
from ostler.tools.repair.miners.suffix import mine_suffix
from ostler.tools.repair.miners.taught import mine_taught

MINERS: dict[str, Miner] = {
    "consensus": mine_consensus,
    "sources": mine_sources,
    "form": mine_forms,
    "filler": mine_fillers,
    "scale": mine_scales,
    "spelling": mine_spelling,
    "case": mine_case,
    "blanks": mine_blanks,
    "arithmetic": mine_arithmetic,
    "derived": mine_derived,
    "outlier": mine_outliers,
    "order": mine_order,
    "slips": mine_slips,
    "encoding": mine_encoding,
    "suffix": mine_suffix,
    "alias": mine_alias,
    "taught": mine_taught,
}
"""Every miner by its principle, in the order in which they run."""
