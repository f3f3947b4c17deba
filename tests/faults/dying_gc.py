"""`ostler gc` that kills itself before the n-th thing that it does to the disk or the database."""

import os
import signal
import sys
from pathlib import Path

from ostler.cli.main import main
from ostler.replay import collecting


def dying(name: str, left: list[int]) -> None:
    real = getattr(collecting, name)

    def counted(*args: object, **options: object) -> object:
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return real(*args, **options)

    setattr(collecting, name, counted)


def die_after(steps: int) -> None:
    left = [steps]
    for name in ("note_released", "remove_tree"):
        dying(name, left)
    real = Path.unlink

    def unlink(self: Path, missing_ok: bool = False) -> None:
        if self.suffix == ".parquet":
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
        real(self, missing_ok)

    Path.unlink = unlink  # type: ignore[method-assign]


if __name__ == "__main__":
    die_after(int(sys.argv[1]))
    sys.argv = ["ostler", "gc", "--keep-days", "90", "-w", sys.argv[2]]
    main()
