"""The miners: each looks at the grid from one principle and yields what it finds."""

from ostler.tools.repair.candidates import Miner
from ostler.tools.repair.miners.alias import mine_alias
from ostler.tools.repair.miners.blanks import mine_blanks
from ostler.tools.repair.miners.case import mine_case
from ostler.tools.repair.miners.consensus import mine_consensus
from ostler.tools.repair.miners.encoding import mine_encoding
from ostler.tools.repair.miners.order import mine_order
from ostler.tools.repair.miners.spelling import mine_spelling
from ostler.tools.repair.miners.suffix import mine_suffix

MINERS: dict[str, Miner] = {
    "consensus": mine_consensus,
    "spelling": mine_spelling,
    "case": mine_case,
    "blanks": mine_blanks,
    "order": mine_order,
    "encoding": mine_encoding,
    "suffix": mine_suffix,
    "alias": mine_alias,
}
"""Every miner by its principle, in the order in which they run."""
