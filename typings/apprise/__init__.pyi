from enum import Enum

class NotifyFormat(Enum):
    TEXT = "text"

class PersistentStoreMode(Enum):
    MEMORY = "memory"

class AppriseAsset:
    def __init__(
        self,
        *,
        async_mode: bool = ...,
        storage_mode: PersistentStoreMode | None = ...,
        app_id: str = ...,
    ) -> None: ...

class AppriseResult:
    def __bool__(self) -> bool: ...

class Apprise:
    def __init__(self, *, asset: AppriseAsset | None = ...) -> None: ...
    def add(self, services: str) -> bool: ...
    def notify(
        self, body: str, title: str = ..., *, body_format: NotifyFormat | None = ...
    ) -> AppriseResult: ...
