"""The error tree. Only the command line and the console print errors; all others raise them.

OstlerError
├── UserError            the person can mend it; exit code 2
│   ├── BadInput         a file, an option or a document that cannot be used
│   │   └── Locked       a key whose passphrase has to be asked for
│   ├── NotFound         a name or an id that does not exist
│   ├── NotAllowed       policy or the rules of voting say no
│   └── Conflict         the state has moved on: already decided, stale, another worker
├── VerificationFailed   a digest, a proof or a recorded step does not hold; exit code 1
└── InternalError        ours; exit code 3
"""


class OstlerError(Exception):
    """An error with one sentence on what is wrong and where, and one on what to do."""

    exit_code = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UserError(OstlerError):
    """The person at the keyboard can mend it."""

    exit_code = 2


class BadInput(UserError):
    """A file, an option or a document that cannot be used as it is."""


class Locked(BadInput):
    """A key file has a passphrase that nobody has given yet, or gave wrongly."""

    def __init__(self, key: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.key = key
        """Path of the file."""


class NotFound(UserError):
    """A name or an id that does not exist."""


class NotAllowed(UserError):
    """Policy or the rules of voting refuse it."""


class Conflict(UserError):
    """The state has moved on: already decided, stale, or somebody else is at it."""


class VerificationFailed(OstlerError):
    """A digest, a proof or a recorded step does not hold."""

    exit_code = 1


class InternalError(OstlerError):
    """A promise of ours is broken."""
