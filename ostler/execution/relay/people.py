"""One try to tell a person or a channel, through Apprise. Nothing of its address is ever shown."""

import json
import logging
from dataclasses import dataclass

from ostler.config.timing import Notify
from ostler.core.errors import BadInput
from ostler.execution.relay.sending import Answer, Result, within


@dataclass(frozen=True)
class ToPeople:
    """Sends a notice to one address."""

    to: Notify

    def __call__(self, key: str, body: str) -> Answer:
        """One try, which ends within the timeout."""
        try:
            address = self.to.address()
        except BadInput as error:
            return Answer(Result.AGAIN, error.message)
        notice = json.loads(body)
        return within(
            self.to.timeout_seconds,
            lambda: _send(address, str(notice["title"]), str(notice["text"])),
        )


def _send(address: str, title: str, text: str) -> Answer:
    # It loads slowly, and most workspaces tell nobody.
    import apprise

    # It logs what it was answered, and addresses with it.
    logging.getLogger("apprise").disabled = True
    asset = apprise.AppriseAsset(
        async_mode=False, storage_mode=apprise.PersistentStoreMode.MEMORY, app_id="Ostler"
    )
    try:
        receiver = apprise.Apprise(asset=asset)
        if not receiver.add(address):
            return Answer(Result.AGAIN, "the address is none that Apprise knows")
        sent = receiver.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT)
    except Exception as error:
        # Whatever a service's module raises; never its text, which may quote the address.
        return Answer(Result.AGAIN, f"it cannot be reached: {type(error).__name__}")
    return Answer(Result.SENT, "sent") if sent else Answer(Result.AGAIN, "it was not taken")
