"""What policy decided, in the few words of a queue's line, a card or a report."""

from ostler.core.proposals import Verdict


def verdict_words(verdict: Verdict) -> str:
    """`auto`, `denied`, `1 vote`, or `2 votes incl. owner`."""
    if verdict.outcome != "votes":
        return {"deny": "denied", "auto": "auto"}[verdict.outcome]
    roles = f" incl. {' + '.join(verdict.roles)}" if verdict.roles else ""
    return f"{verdict.votes} vote{'s' if verdict.votes != 1 else ''}{roles}"
