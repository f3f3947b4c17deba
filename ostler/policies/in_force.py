"""Which policies count: the set that people activated, else what lies in the workspace's folder."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from sqlmodel import Session

from ostler.core.documents import SITE, body_of, texts_in
from ostler.core.errors import BadInput
from ostler.core.roster import NO_TRUST, Trust
from ostler.policies.policyset import PolicySet, load_policies
from ostler.storage.paths import read_text
from ostler.store import activations
from ostler.store.engine import Store


def policies_in_force(store: Store, folder: Path, trust: Trust = NO_TRUST) -> PolicySet:
    """The shipped hard set with the site's policies that count now; read each time.

    BadInput when the folder counts and its policies cannot be used, VerificationFailed when what
    was activated has been edited, or was not voted for.
    """
    with store.reading() as session:
        activated = activated_policies(session, trust)
    return load_policies(folder_texts(folder)) if activated is None else activated


def activated_policies(session: Session, trust: Trust = NO_TRUST) -> PolicySet | None:
    """The set that was activated last; None while none ever was, and the folder counts.

    VerificationFailed when it or one before it was not voted for.
    """
    now = activations.voted_in_force(session, "policies", SITE, trust)
    if now is None:
        return None
    try:
        return _loaded(body_of(activations.texts_of(session, now)))
    except BadInput as error:
        raise BadInput(
            f"version {now.number} of the policies, which is in force, cannot be used: "
            f"{error.message}",
            "propose one that can be with the Ostler that it was put in force with",
        ) from error


def todays(store: Store, otherwise: PolicySet, trust: Trust = NO_TRUST) -> PolicySet:
    """The policies that were activated last, for whoever began by others a while ago."""
    with store.reading() as session:
        return activated_policies(session, trust) or otherwise


@lru_cache(maxsize=4)
def _loaded(body: str) -> PolicySet:
    return load_policies(texts_in(body))


def folder_texts(folder: Path) -> Mapping[str, str]:
    """The text of each `*.cedar` file in a folder, by its name (BadInput)."""
    return {path.name: read_text(path) for path in sorted(folder.glob("*.cedar"))}
