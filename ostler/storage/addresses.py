"""Addresses of object storage: which there are, and which are refused."""

from urllib.parse import urlsplit

from ostler.core.errors import BadInput

SCHEMES = ("s3", "gs", "az")
"""Amazon S3 and whatever speaks its protocol, Google Cloud Storage, Azure Blob Storage."""

_AMBIGUOUS = "%#?*[]"
"""Characters that some library underneath takes for a pattern or an address in a path."""


def is_url(address: str) -> bool:
    """Whether something is an address and not a path."""
    return "://" in address


def checked_url(address: str) -> str:
    """The address, without a slash at its end.

    BadInput for one of another kind, one without a bucket, and one that holds a secret: it would
    be written into the database, the log and traces.
    """
    scheme, _, rest = address.partition("://")
    bucket = urlsplit(address).netloc
    if "@" in bucket:
        raise BadInput(
            f"{scheme}://…@{bucket.rpartition('@')[2]}: an address may hold no user and password",
            "keep them in the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    if "?" in rest:
        raise BadInput(
            f"{address.partition('?')[0]}?…: an address may hold no query or signature",
            "name the plain address; credentials come from the environment",
        )
    if scheme not in SCHEMES:
        raise BadInput(
            f"{scheme}:// is not a kind of object storage that is known here",
            f"known: {', '.join(f'{known}://' for known in SCHEMES)}",
        )
    if not bucket:
        raise BadInput(f"{address} names no bucket", f"write {scheme}://bucket/path")
    if any(part in ("", ".", "..") for part in rest.strip("/").split("/")):
        raise BadInput(f"{address} is not a plain path", "leave out //, . and ..")
    return address.rstrip("/")


def refuse_ambiguous(path: object) -> None:
    """BadInput for a path that not every library underneath would find again."""
    odd = next((character for character in _AMBIGUOUS if character in str(path)), None)
    if odd is not None:
        raise BadInput(
            f"{path}: a table cannot lie in a path with {odd!r} in it", "choose another folder"
        )
