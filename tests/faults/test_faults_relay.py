"""A worker is killed between the request that it sent and its record of it."""

import signal
from collections import Counter
from pathlib import Path

import pytest
from processes import ostler, verified, work_once
from receiver import receiving
from workbench import build

pytestmark = pytest.mark.usefixtures("reviewer")

CONFIG = """
effects:
  hook:
    url: {url}/hook
    events: ["*"]
"""


def test_the_receiver_sees_the_same_key_twice_and_nothing_else(tmp_path: Path) -> None:
    bench = build(tmp_path / "ws")
    root = bench.parts.workspace.root
    bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    with receiving() as receiver:
        settings = root / "ostler.yaml"
        text = settings.read_text(encoding="utf-8") + CONFIG.format(url=receiver.url)
        settings.write_text(text, encoding="utf-8")
        worker = ostler("work", "--once", "-w", root)

        def die_on_the_third() -> None:
            if len(receiver.got) == 3:
                worker.kill()
                worker.wait()

        receiver.on_request = die_on_the_third
        said = worker.communicate()
        assert worker.returncode == -signal.SIGKILL, said
        assert len(receiver.got) == 3
        work_once(root)
        counts = Counter(receiver.keys)
        assert counts.pop(receiver.got[2].key) == 2
        assert set(counts.values()) == {1}
        assert len({(r.key, r.body) for r in receiver.got}) == len(counts) + 1
        assert len(counts) + 1 > 5
    assert verified(bench)
    bench.parts.close()
