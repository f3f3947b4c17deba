"""The body of a witness's `add-checkpoint`: an old size, a proof, and a checkpoint."""

from dataclasses import dataclass

from ostler.core.errors import BadInput
from ostler.store.merkle import Hash
from ostler.store.notes import Checkpoint, proof_text, read_checkpoint, read_proof


@dataclass(frozen=True)
class Asked:
    """What a witness is asked to cosign."""

    old: int
    proof: tuple[Hash, ...]
    checkpoint: Checkpoint

    def __str__(self) -> str:
        return f"{growth_text(self.old, self.proof)}\n{self.checkpoint}"


def growth_text(old: int, proof: tuple[Hash, ...]) -> str:
    """That the log grew from a size: what stands in front of the checkpoint, and in PROOF files."""
    return f"old {old}\n{proof_text(proof)}"


def read_growth(text: str, where: str) -> tuple[int, tuple[Hash, ...]]:
    """The old size and the proof (BadInput)."""
    first, *lines = text.removesuffix("\n").split("\n")
    word, _, number = first.partition(" ")
    if word != "old" or not (number.isascii() and number.isdecimal()) or len(number) > 18:
        raise BadInput(
            f"{where} is no proof of growth",
            "ostler audit checkpoint --since FILE --proof writes one",
        )
    return int(number), read_proof(lines, where)


def read_asked(text: str) -> Asked:
    """A request from its body (BadInput)."""
    growth, blank, checkpoint = text.partition("\n\n")
    if not blank:
        raise BadInput("the body has no checkpoint behind its proof")
    old, proof = read_growth(growth, "the body")
    return Asked(old, proof, read_checkpoint(checkpoint, "the body"))
