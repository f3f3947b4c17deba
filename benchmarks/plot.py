"""The curve of a run as a PNG, pixel by pixel; one plot is not worth a plotting package."""

import struct
import zlib
from pathlib import Path

from measured import Measured

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 20, 60
"""Margins around the frame, in pixels."""

Colour = tuple[int, int, int]
WHITE, BLACK, GREY, PALE = (255, 255, 255), (40, 40, 40), (130, 130, 130), (225, 225, 225)
BLUE, ORANGE = (25, 90, 170), (215, 110, 20)

# Five by seven, one row of dots in each number, the highest bit to the left.
GLYPHS: dict[str, tuple[int, ...]] = {
    "0": (14, 17, 19, 21, 25, 17, 14), "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31), "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2), "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14), "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14), "9": (14, 17, 17, 15, 1, 2, 12),
    "A": (14, 17, 17, 31, 17, 17, 17), "B": (30, 17, 17, 30, 17, 17, 30),
    "C": (14, 17, 16, 16, 16, 17, 14), "D": (30, 17, 17, 17, 17, 17, 30),
    "E": (31, 16, 16, 30, 16, 16, 31), "F": (31, 16, 16, 30, 16, 16, 16),
    "G": (14, 17, 16, 23, 17, 17, 15), "H": (17, 17, 17, 31, 17, 17, 17),
    "I": (14, 4, 4, 4, 4, 4, 14), "J": (7, 2, 2, 2, 2, 18, 12),
    "K": (17, 18, 20, 24, 20, 18, 17), "L": (16, 16, 16, 16, 16, 16, 31),
    "M": (17, 27, 21, 21, 17, 17, 17), "N": (17, 25, 21, 19, 17, 17, 17),
    "O": (14, 17, 17, 17, 17, 17, 14), "P": (30, 17, 17, 30, 16, 16, 16),
    "Q": (14, 17, 17, 17, 21, 18, 13), "R": (30, 17, 17, 30, 20, 18, 17),
    "S": (15, 16, 16, 14, 1, 1, 30), "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14), "V": (17, 17, 17, 17, 17, 10, 4),
    "W": (17, 17, 17, 21, 21, 27, 17), "X": (17, 17, 10, 4, 10, 17, 17),
    "Y": (17, 17, 10, 4, 4, 4, 4), "Z": (31, 1, 2, 4, 8, 16, 31),
    ".": (0, 0, 0, 0, 0, 12, 12), "-": (0, 0, 0, 31, 0, 0, 0), " ": (0,) * 7,
}  # fmt: skip


class Picture:
    """Pixels, white at first."""

    def __init__(self) -> None:
        self._rows = [bytearray(bytes(WHITE) * WIDTH) for _ in range(HEIGHT)]

    def dot(self, x: int, y: int, colour: Colour) -> None:
        """One pixel; outside the picture there is none."""
        if 0 <= x < WIDTH and 0 <= y < HEIGHT:
            self._rows[y][3 * x : 3 * x + 3] = bytes(colour)

    def box(self, x: int, y: int, width: int, height: int, colour: Colour) -> None:
        """A filled rectangle."""
        for down in range(height):
            for right in range(width):
                self.dot(x + right, y + down, colour)

    def line(self, start: tuple[int, int], end: tuple[int, int], colour: Colour) -> None:
        """A line two pixels thick."""
        steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
        for step in range(steps + 1):
            x = start[0] + round((end[0] - start[0]) * step / steps)
            y = start[1] + round((end[1] - start[1]) * step / steps)
            self.box(x, y, 2, 2, colour)

    def text(self, x: int, y: int, text: str, colour: Colour, size: int = 2) -> None:
        """Words, in capitals; what has no glyph is a gap."""
        for place, char in enumerate(text.upper()):
            for down, bits in enumerate(GLYPHS.get(char, GLYPHS[" "])):
                for right in range(5):
                    if bits >> (4 - right) & 1:
                        at = x + size * (6 * place + right), y + size * down
                        self.box(*at, size, size, colour)

    def save(self, path: Path) -> None:
        """Write the file."""
        raw = b"".join(b"\0" + bytes(row) for row in self._rows)
        head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n"
            + _chunk(b"IHDR", head)
            + _chunk(b"IDAT", zlib.compress(raw, 9))
            + _chunk(b"IEND", b"")
        )


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def draw(path: Path, measured: Measured, decisions: int) -> None:
    """Repair and detection F1 over the decisions, and the best peer as a level."""
    picture = Picture()
    last = max(decisions, 1)

    def at(decision: float, f1: float) -> tuple[int, int]:
        wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return LEFT + round(wide * decision / last), TOP + round(high * (1 - f1))

    for tenth in range(0, 11, 2):
        picture.line(at(0, tenth / 10), at(last, tenth / 10), PALE)
        picture.text(LEFT - 48, at(0, tenth / 10)[1] - 7, f"{tenth / 10:.1f}", BLACK)
    for decision in range(0, last + 1, max(1, last // 10)):
        x, y = at(decision, 0)
        picture.text(x - 6 * len(str(decision)), y + 10, str(decision), BLACK)
    picture.text(LEFT, HEIGHT - 24, "human decisions", BLACK)
    peer = max((score.repair_f1 for score in measured.peers.values()), default=0.0)
    picture.line(at(0, peer), at(last, peer), GREY)
    for colour, values in (
        (ORANGE, [measured.after(n).detection_f1 for n in range(last + 1)]),
        (BLUE, [measured.after(n).repair_f1 for n in range(last + 1)]),
    ):
        for n in range(last):
            picture.line(at(n, values[n]), at(n + 1, values[n + 1]), colour)
        for n, value in enumerate(values):
            x, y = at(n, value)
            picture.box(x - 2, y - 2, 6, 6, colour)
    legend = ((BLUE, "repair F1"), (ORANGE, "detection F1"), (GREY, "best peer without a person"))
    for place, (colour, words) in enumerate(legend):
        x, y = LEFT + 260 + 110 * place, HEIGHT - 22
        picture.box(x - 16, y + 1, 10, 6, colour)
        picture.text(x, y, words, BLACK, size=1)
    picture.save(path)
