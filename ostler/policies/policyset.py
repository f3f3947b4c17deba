"""The policy set: the hard and the site texts, checked together and named by one digest."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from importlib.resources import files

import cedarpy
from cedarpy import pst

from ostler.core.base import Frozen
from ostler.core.canonical import Digest, canonical_json, digest_bytes, digest_of
from ostler.core.errors import BadInput
from ostler.policies.sources import Policy, duplicates, read

HARD = "hard.cedar"
HARD_SHA256 = "f6782c8524ad924832ae4cab133cf5a087b869738ec7063fc98331f9cbd894ca"
"""Of the shipped text, byte for byte; whoever changes the one changes the other. Every run records
the text it was judged by under its digest, so that the log says which one that was."""


class PolicySet(Frozen):
    """Everything that a verdict depends on beside the request.

    Its canonical JSON is what a run records; `policies_from` reads it back.
    """

    hard: str
    """The shipped text that only forbids."""
    site: tuple[tuple[str, str], ...]
    """(file name, text) of the workspace, by name."""
    schema_text: str
    engine: str
    """Name and version of the engine that judges."""

    @property
    def digest(self) -> Digest:
        """SHA-256 of the canonical JSON, so that a store of objects finds it under this name."""
        return digest_of(self)

    @property
    def recorded(self) -> str:
        """The text that a run keeps."""
        return canonical_json(self)

    @property
    def site_text(self) -> str:
        """The texts of the workspace as one."""
        return "\n".join(text for _, text in self.site)


def engine() -> str:
    """Name and version of the policy engine."""
    return f"cedarpy {version('cedarpy')}"


def default_site() -> Mapping[str, str]:
    """The commented site policies that a new workspace gets, by file name."""
    return {"site.cedar": shipped("packs/site.cedar")}


def load_policies(site_texts: Mapping[str, str]) -> PolicySet:
    """The shipped hard set with a workspace's policies, by file name.

    Raises:
        BadInput: one line per problem, with its file and line.
    """
    return _checked(
        PolicySet(
            hard=hard_text(),
            site=tuple(sorted(site_texts.items())),
            schema_text=shipped("schema.cedarschema"),
            engine=engine(),
        )
    )


def hard_text() -> str:
    """The shipped hard set; BadInput when it is not the one that this version was made with."""
    text = shipped(f"packs/{HARD}")
    if digest_bytes(text.encode()) != HARD_SHA256:
        raise BadInput(
            f"{HARD} of this installation has been changed: its SHA-256 is not the pinned one",
            "install Ostler anew; rules of your own belong into policies/ of the workspace",
        )
    return text


def policies_from(recorded: str) -> PolicySet:
    """A recorded set, hard text and schema included, to be judged by the engine of today.

    Its digest differs from the recorded one when the engine does.

    Raises:
        BadInput: the text is not a policy set, or today's engine refuses it.
    """
    try:
        policies = PolicySet.model_validate_json(recorded)
    except ValueError as error:
        raise BadInput(
            "The recorded policy set cannot be read.", "Run `ostler audit verify`."
        ) from error
    return _checked(policies.model_copy(update={"engine": engine()}))


def invariants_of(file: str, text: str) -> tuple[pst.Template, ...]:
    """The rules of an invariants file: `forbid` rules of the same language, with the same schema.

    Raises:
        BadInput: one line per problem, with its file and line.
    """
    schema = cedarpy.Schema.from_str(shipped("schema.cedarschema"))
    found, problems = read(file, text, schema)
    problems += [
        f"{policy.label}an invariant is a `forbid`"
        for policy in found
        if policy.node.effect != "forbid"
    ]
    problems += duplicates(found)
    if problems or not found:
        raise BadInput(
            "\n".join(problems) or f"{file} has no rule", "Correct the file and try again."
        )
    return tuple(policy.node for policy in found)


def _checked(policies: PolicySet) -> PolicySet:
    try:
        schema = cedarpy.Schema.from_str(policies.schema_text)
    except ValueError as error:
        raise BadInput(f"The policy schema cannot be read: {error}.") from error
    problems: list[str] = []
    found: list[Policy] = []
    for name, text in ((HARD, policies.hard), *policies.site):
        parsed, refused = read(name, text, schema)
        problems += refused
        found += parsed
    problems += [
        f"{policy.label}a hard policy only forbids"
        for policy in read(HARD, policies.hard, schema)[0]
        if policy.node.effect != "forbid"
    ]
    problems += duplicates(tuple(found))
    if problems:
        raise BadInput("\n".join(problems), "Correct the policies; nothing was changed.")
    return policies


@cache
def shipped(name: str) -> str:
    """A text that ships with this room."""
    return files("ostler.policies").joinpath(name).read_text("utf-8")
