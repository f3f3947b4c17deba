"""The bundle: a zip of what was gathered, its proofs, a report, and the means to check it."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from ostler.core.canonical import canonical_json, digest_bytes
from ostler.replay.evidence.gathering import Gathered
from ostler.replay.evidence.report import report
from ostler.store.entry_proofs import Entry
from ostler.store.merkle import Hash
from ostler.store.notes import Checkpoint, VerifierKey

_README = """Evidence of {asked}, made by {by} at {at}.

report.html      who decided what, when, on what evidence, under which policy, and what came of it
verify.py        checks all of this; needs Python 3.11 and `pip install cryptography`:
                     python -I verify.py --root ADMINISTRATOR.pub --log-key KEY
                 -I keeps Python from taking modules out of this folder.
                 Have both keys from somebody other than whoever gave you this bundle.
log.jsonl        the entries of the audit log, each with its proof that it is in `checkpoint`
documents/       proposals, votes, executions, rosters and items, as they were when decided on
objects/         what runs were given and handed on: policy sets, contracts, prompts, replies
patches/         the exact changes: as Parquet, and as the lines that their digests are made of
traces/          what ran, span by span
manifest.json    what every file hashes to; what is withheld, because it holds classified values,
                 and what is missing, because it was erased or is on another machine
"""


BOUND = "evidence"
"""The word in the checkpoint before the digest of the manifest that it vouches for."""

NAMESPACE = "ostler-evidence"
"""Of signatures over a manifest by whoever exported it."""


@dataclass(frozen=True)
class Sealed:
    """The head of the log that a bundle proves itself against."""

    head: Checkpoint
    key: VerifierKey
    """That signs it."""
    proof: Callable[[int], Sequence[Hash]]
    """Of an entry's place in it."""
    seal: Callable[[str], Checkpoint]
    """Signs it once more with a line that is given."""


def bundle(
    gathered: Gathered,
    sealed: Sealed,
    *,
    by: str,
    at: datetime,
    sign: Callable[[bytes], str] | None,
) -> bytes:
    """The bytes of the zip. The log's key signs its manifest together with the head of the log.

    `sign` gives an SSH signature of the manifest as well; None where whoever exports has no key.
    """
    when = at.isoformat(timespec="seconds")
    head = f"the log {sealed.head.origin} of {sealed.head.head.size:,} entries"
    content = {
        **gathered.files.content,
        "README.txt": _README.format(asked=gathered.scope.asked, by=by, at=when).encode(),
        "verify.py": verifier(),
        "report.html": report(gathered, by=by, at=at, head=head).encode(),
        "log.jsonl": "".join(
            f"{canonical_json(_proved(entry, sealed))}\n" for entry in gathered.entries
        ).encode(),
    }
    manifest = canonical_json(
        {
            "format": "ostler-evidence/1",
            "asked": gathered.scope.asked,
            "made_by": by,
            "made_at": when,
            "log_key": str(sealed.key),
            "missing": sorted(gathered.files.missing),
            "withheld": sorted(gathered.files.withheld),
            "withheld_entries": sorted(gathered.files.withheld_entries),
            "files": {name: digest_bytes(body) for name, body in sorted(content.items())},
        }
    ).encode()
    content["manifest.json"] = manifest
    content["checkpoint"] = str(sealed.seal(f"{BOUND} {digest_bytes(manifest)}")).encode()
    if sign is not None:
        content["manifest.json.sig"] = sign(manifest).encode()
    return _zipped(content, at)


def _proved(entry: Entry, sealed: Sealed) -> Mapping[str, object]:
    steps = [step.hex() for step in sealed.proof(entry.index)]
    return {**entry.model_dump(), "proof": steps}


def verifier() -> bytes:
    """The script that checks bundles, as it is put into each."""
    return files("ostler.replay.evidence").joinpath("verify.py").read_bytes()


def _zipped(content: Mapping[str, bytes], at: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, body in sorted(content.items()):
            # The time of the export, so that the same evidence gives the same bytes.
            entry = zipfile.ZipInfo(name, date_time=at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, body)
    return packed.getvalue()
