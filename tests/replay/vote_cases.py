"""Small worlds in which people vote, and whether what they say is enough.

One table for the three places where votes are counted: when one is cast, by the audit, and by the
script in a bundle of evidence. What is done happens in three acts: before and after the moment at
which the roster, the tags and who stands in for whom change for all of them, and behind the
execution, where only somebody who writes the log himself can enter anything.
"""

from dataclasses import dataclass

from signing import line_of, person

from ostler.core.datasets import WORKSPACE
from ostler.core.proposals import Escalation
from ostler.core.roster import ADMINISTRATOR, Holding, Key, Member

OWNER, STEWARD = "owner", "steward"
ESCALATIONS = (Escalation(after_seconds=60, role="lead", stands_for=(OWNER,)),)


def held(name: str, **where: tuple[str, ...]) -> Member:
    """An owner of some datasets alone."""
    holding = Holding.model_validate({"role": OWNER, **where})
    return Member(name=name, kind="person", keys=(Key(line=line_of(name)),), roles=(holding,))


ROSTER = (
    person("ana", ADMINISTRATOR),
    person("owen", OWNER),
    person("olga", OWNER),
    person("stan", STEWARD),
    person("both", OWNER, STEWARD),
    person("lea", "lead"),
    *(person(name) for name in ("cy", "dee", "sub", "second")),
    held("tia", tags=("personal",)),
    held("dora", datasets=("plain",)),
    person("leaver", OWNER),
    person("riser"),
)
LATER = (
    *(one for one in ROSTER if one.name not in ("leaver", "riser")),
    person("riser", OWNER),
)
"""The roster after the change: one is gone, another has a role."""

TAGS = {"plain": (), "tagged": ("personal",), "former": ("personal",), "later": ()}
LATER_TAGS = {**TAGS, "former": (), "later": ("personal",)}

STATED = {
    **dict.fromkeys(("owen", "olga", "tia", "dora", "leaver", "riser", "sub", "second"), (OWNER,)),
    "stan": (STEWARD,),
    "both": (OWNER, STEWARD),
    "lea": ("lead",),
}
"""The roles that people say they vote in, whether or not they hold them then.

Until the change `sub` stands in for owen, and so does `second`, which only somebody can enter who
writes the log himself.
"""


@dataclass(frozen=True)
class Case:
    """What a verdict asks for, what is done, and whether that is enough."""

    enough: bool
    first: str = ""
    """Who approves, in order; `-name` rejects, `^` escalates to the lead."""
    then: str = ""
    behind: str = ""
    votes: int = 1
    roles: tuple[str, ...] = ()
    dataset: str = "plain"
    proposer: str = "proposer"
    requester: str = ""
    outcome: str = "votes"


BOTH = (OWNER, STEWARD)
CASES = {
    "one of one": Case(True, "cy"),
    "nobody": Case(False),
    "one of two": Case(False, "cy", votes=2),
    "two of two": Case(True, "cy dee", votes=2),
    "one before the change, one after": Case(True, "cy", "dee", votes=2),
    "a seat and its holder": Case(True, "owen", roles=(OWNER,)),
    "a seat and nobody for it": Case(False, "cy stan", roles=(OWNER,)),
    "two seats, one each": Case(True, "owen stan", votes=2, roles=BOTH),
    "two seats, and one person for both": Case(False, "both", roles=BOTH),
    "two seats, and people for one": Case(False, "owen olga", votes=2, roles=BOTH),
    "who holds both takes the other seat": Case(True, "both owen", votes=2, roles=BOTH),
    "a seat twice, one holder": Case(False, "owen cy", votes=2, roles=(OWNER, OWNER)),
    "a seat twice, two holders": Case(True, "owen olga", votes=2, roles=(OWNER, OWNER)),
    "rejected": Case(False, "-cy"),
    "approved, then rejected": Case(False, "owen -cy"),
    "approved, and by the same person rejected": Case(False, "owen -owen"),
    "who proposed it": Case(False, "cy", proposer="cy"),
    "who proposed it, by another spelling": Case(False, "cy", proposer="CY "),
    "who asked for it": Case(False, "cy", requester="cy"),
    "who asked for it, and another": Case(True, "cy dee", requester="cy"),
    "who asked for it, of two": Case(False, "cy dee", votes=2, requester="cy"),
    "who asked for it rejects": Case(False, "dee -cy", requester="cy"),
    "a stand-in": Case(True, "sub", roles=(OWNER,)),
    "a stand-in for who votes as well": Case(False, "owen sub", votes=2, roles=(OWNER, OWNER)),
    "a stand-in for who asked": Case(False, "sub", roles=(OWNER,), requester="owen"),
    "a stand-in for who proposed": Case(False, "sub", roles=(OWNER,), proposer="owen"),
    "two stand-ins for one": Case(False, "sub second", votes=2, roles=(OWNER, OWNER)),
    "a stand-in sent home": Case(False, then="sub", roles=(OWNER,)),
    "a stand-in sent home before it was enough": Case(False, "sub", "stan", votes=2, roles=BOTH),
    "who left afterwards": Case(True, "leaver", roles=(OWNER,)),
    "who left before it was enough": Case(False, "leaver", "cy", votes=2),
    "who rose afterwards": Case(False, "riser", roles=(OWNER,)),
    "who rose before": Case(True, then="riser", roles=(OWNER,)),
    "by tag": Case(True, "tia", roles=(OWNER,), dataset="tagged"),
    "by a tag that is not there": Case(False, "tia", roles=(OWNER,)),
    "by a tag that is taken off afterwards": Case(True, "tia", roles=(OWNER,), dataset="former"),
    "by a tag that was taken off": Case(False, then="tia", roles=(OWNER,), dataset="former"),
    "by a tag that is put on afterwards": Case(False, "tia", roles=(OWNER,), dataset="later"),
    "by a tag that was put on": Case(True, then="tia", roles=(OWNER,), dataset="later"),
    "by tag, of what has none": Case(False, "tia", roles=(OWNER,), dataset=WORKSPACE.name),
    "by dataset": Case(True, "dora", roles=(OWNER,)),
    "by another dataset": Case(False, "dora", roles=(OWNER,), dataset="tagged"),
    "escalated, and who is asked then": Case(True, "^ lea", roles=(OWNER,)),
    "escalated between two votes": Case(True, "lea ^ cy", votes=2, roles=(OWNER,)),
    "not escalated": Case(False, "lea", roles=(OWNER,)),
    "escalated behind the execution": Case(False, "lea", behind="^", roles=(OWNER,)),
    "escalated, and somebody else": Case(False, "^ cy", roles=(OWNER,)),
    "escalated, one person for two seats": Case(False, "^ lea", roles=(OWNER, "lead")),
    "by policy alone, though somebody asked": Case(False, requester="cy", outcome="auto"),
    "a verdict that asks for nobody": Case(False, votes=0),
    "a vote behind the execution": Case(False, behind="cy"),
    "a vote behind the execution, of two": Case(False, "dee", behind="cy", votes=2),
}

FORGOTTEN = {
    *("who proposed it", "who proposed it, by another spelling", "who asked for it"),
    *("who asked for it, of two", "a stand-in for who asked", "a stand-in for who proposed"),
    *("escalated behind the execution", "escalated, and somebody else"),
    "escalated, one person for two seats",
}
"""What is not found any more when a proposal is erased: who proposed it, asked for it or may stand
in for whom by an escalation."""
