"""What a file system or an object storage refuses, as a sentence and a next step."""

import os
import re
from collections.abc import Generator
from contextlib import contextmanager

from ostler.core.errors import BadInput

_MEANINGS = (
    ("No space left on device", "the disk under {place} is full", "free some space"),
    ("Disk quota exceeded", "the disk quota of {place} is used up", "free some space"),
    (
        "No files found that match the pattern",
        "a data file of {place} is gone",
        "see which (ostler audit verify), restore it from a backup",
    ),
    (
        r"NoSuchBucket|NO_SUCH_BUCKET|specified bucket does not exist",
        "there is no such bucket: {place}",
        "make the bucket, or mend the address",
    ),
    (
        r"169\.254\.169\.254|169\.254\.170\.|CredentialsNotLoaded|no credentials|"
        r"Unable to (load|locate) credentials",
        "there are no credentials for {place}",
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ),
    (
        r"InvalidAccessKeyId|INVALID_ACCESS_KEY_ID|SignatureDoesNotMatch|SIGNATURE_DOES_NOT_MATCH|"
        r"InvalidClientTokenId|ExpiredToken|EXPIRED_TOKEN|401 Unauthorized",
        "the credentials for {place} are not accepted",
        "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
    ),
    (
        r"AccessDenied|ACCESS_DENIED|403 Forbidden|HTTP status 403|status code: 403",
        "{place} may not be read or written with these credentials",
        "ask for access to the bucket and the prefix",
    ),
    ("Permission denied", "{place} may not be written", "check the permissions of the folder"),
    ("Read-only file system", "{place} is read-only", "make it writable"),
    (
        "URL scheme is not allowed",
        "{place} would be reached without encryption",
        "use an https endpoint, or set AWS_ALLOW_HTTP=true",
    ),
    (
        r"NETWORK_CONNECTION|client error \(Connect\)|dns error|Connection refused|"
        r"operation timed out|REQUEST_TIMEOUT|curlCode",
        "the object storage of {place} cannot be reached",
        "check AWS_ENDPOINT_URL and the network",
    ),
)
"""A pattern of the error, whoever raised it, and the sentence and step that it becomes."""

_SECRETS = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
)

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def refusal(error: BaseException, place: object) -> BadInput | None:
    """The sentence that an error means; None when its reason is not a known one."""
    text = str(error)
    for pattern, sentence, step in _MEANINGS:
        if re.search(pattern, text):
            return BadInput(sentence.format(place=place), f"{step}, and run the command again")
    return None


@contextmanager
def refused(place: object) -> Generator[None]:
    """Around whatever reads or writes: BadInput when it is refused for a known reason."""
    try:
        yield
    except OSError as error:
        meant = refusal(error, place)
        if meant is None:
            raise
        raise meant from error


@contextmanager
def written(place: object) -> Generator[None]:
    """Around whatever writes what a person named: BadInput when it cannot be written."""
    try:
        yield
    except OSError as error:
        why = refusal(error, place) or BadInput(f"{place} cannot be written: {error.strerror}")
        raise why from error


def plain(error: BaseException) -> str:
    """An error as one line without colours, marks of trees or secrets."""
    text = _COLOUR.sub("", str(error)).replace("↳", ":")
    for name in _SECRETS:
        if secret := os.environ.get(name):
            text = text.replace(secret, "***")
    return re.sub(r"\s+:\s+", ": ", re.sub(r"\s+", " ", text)).strip()[:300]
