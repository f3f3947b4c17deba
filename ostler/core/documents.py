"""Documents: texts that count because people said so, and the patches that change them."""

from collections.abc import Mapping
from difflib import unified_diff
from typing import Literal

from pydantic import TypeAdapter

from ostler.core.base import Frozen
from ostler.core.canonical import Digest, canonical_json, digest_bytes

DocumentKind = Literal["policies", "prompt"]
"""What the workspace keeps as a whole: its site policies, and each text that a model is sent."""

SITE = "site"
"""The name of the one document of the kind `policies`."""


class DocumentPatch(Frozen):
    """From one text to the next, whole, so that an approval is bound to every letter of it."""

    before: Digest
    """Of the text that it was made from; when something else counts by then, nothing is done."""
    after: str
    """The whole text."""
    diff: str
    """The unified diff, for people; empty when nothing differs."""


class FilePatch(DocumentPatch):
    """What becomes of one file of a document."""

    name: str


class Trial(Frozen):
    """What was found out about a new text before anybody is asked."""

    answer: Literal["good", "bad", "open"]
    """`open`: it could not be found out, or is for people to weigh."""
    says: str
    """One sentence; names in it may be anybody's, so hostile."""


class DocumentChange(Frozen):
    """A document patch: the next version of a document of the workspace, and what it would do."""

    document: DocumentKind
    name: str
    previous: int
    """The version that it replaces; 0 when none was activated before."""
    files: tuple[FilePatch, ...]
    """All files of the new version, by name, also those that stay as they are."""
    gone: tuple[FilePatch, ...] = ()
    """Files that the new version no longer has."""
    base: tuple[tuple[str, str], ...] = ()
    """What counted by itself while no version was activated, name and text: the policies in the
    folder, or the prompt that ships. A revert of the first version brings it back."""
    because: str
    """Why, as the person who asked wrote it."""
    trials: tuple[Trial, ...] = ()

    @property
    def texts(self) -> dict[str, str]:
        """The new version: the text of each file, by its name."""
        return {file.name: file.after for file in self.files}

    @property
    def version(self) -> int:
        """The number of the new version."""
        return self.previous + 1


def text_patch(before: str, after: str, source: str) -> DocumentPatch:
    """From one text to another, with the diff between them."""
    lines = unified_diff(_lines(before), _lines(after), source, source, lineterm="", n=2)
    return DocumentPatch(before=digest_bytes(before.encode()), after=after, diff="\n".join(lines))


def diff_lines(patch: DocumentPatch) -> list[str]:
    """The lines of a diff below its heading."""
    return _lines(patch.diff)[2:]


def file_lines(change: DocumentChange) -> list[str]:
    """What becomes of the files as a whole, a sentence for each kind."""
    said = {
        "as before": [file.name for file in change.files if not file.diff],
        "new": [file.name for file in change.files if file.before == _NOTHING and file.after],
        "no longer there": [file.name for file in change.gone],
    }
    return [f"{what}: {', '.join(names)}" for what, names in said.items() if names]


def _lines(text: str) -> list[str]:
    # Not str.splitlines: what other programs take for the end of a line need not end a comment.
    return text.removesuffix("\n").split("\n") if text else []


def file_patches(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FilePatch, ...]:
    """What becomes of each file that `after` has, by name."""
    return tuple(
        FilePatch(name=name, **dict(text_patch(before.get(name, ""), after[name], name)))
        for name in sorted(after)
    )


def files_between(
    before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[tuple[FilePatch, ...], tuple[FilePatch, ...]]:
    """What becomes of the files of `after`, and the removal of those that it no longer has."""
    gone = {name: text for name, text in before.items() if name not in after}
    return file_patches(before, after), file_patches(gone, dict.fromkeys(gone, ""))


_NOTHING = digest_bytes(b"")
_TEXTS: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])


def body_of(texts: Mapping[str, str]) -> str:
    """A document as it is kept, and by whose digest it is named: canonical JSON of its files."""
    return canonical_json(dict(texts))


def texts_in(body: str) -> dict[str, str]:
    """The files of a document that was kept (ValueError)."""
    return _TEXTS.validate_json(body)


def digest_of_texts(texts: Mapping[str, str]) -> Digest:
    """The digest of a document."""
    return digest_bytes(body_of(texts).encode())


def called(document: DocumentKind, name: str) -> str:
    """A document, for a sentence."""
    return "the site policies" if document == "policies" else f"the prompt {name}"
