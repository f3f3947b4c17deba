"""Fixed buckets of a float's own bits: which one a number is in, and where a bucket ends.

A bucket is a float without its last 44 bits: sign, exponent and eight binary digits, so it spans at
most 0.4 % of its own value, whatever the range of a column. Each has two codes: one for its first
value alone (zero, and whole numbers up to 512, are such), one for all others in it. Codes are in
the order of the numbers. So histograms need no range in advance, and those of any two parts of
a column merge by addition.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DROPPED = np.uint64(44)
_REST = np.uint64((1 << 44) - 1)
_NEGATIVE = 1 << 20
_SIZE = 1 << 21
_INFINITE = 0x7FF00 << 1
"""Codes from here on, and their negatives, are of infinities and of NaN."""
_CHUNK = 1 << 13
"""Values that are counted at once: few enough to stay in the processor's cache."""


def codes_of(values: Floats) -> Ints:
    """The code of each finite number."""
    raw = _raw(np.ascontiguousarray(values + 0.0))  # makes one zero of the two
    return np.where(raw >= _NEGATIVE, _NEGATIVE - 1 - raw, raw)


def ends_of(codes: Ints) -> tuple[Floats, Floats]:
    """The smallest and the largest number of each code."""
    magnitude = np.where(codes < 0, -1 - codes, codes)
    first = (magnitude >> 1 << 44).view(np.float64)
    inner = (magnitude & 1).astype(bool)
    near = np.where(inner, np.nextafter(first, np.inf), first)
    far = np.where(inner, np.nextafter(((magnitude >> 1) + 1 << 44).view(np.float64), 0), first)
    return np.where(codes < 0, -far, near), np.where(codes < 0, -near, far)


class Tally:
    """How many of the numbers that it was given have each code; eight MB, whatever their number."""

    def __init__(self) -> None:
        self._counts = np.zeros(_SIZE, np.uint32)
        self._first, self._end = _SIZE, 0

    def add(self, values: Floats) -> None:
        """Count some more; a missing one stands as NaN."""
        one = np.uint32(1)
        for start in range(0, len(values), _CHUNK):
            raw = _raw(values[start : start + _CHUNK])
            self._first = min(self._first, int(raw.min()))
            self._end = max(self._end, int(raw.max()) + 1)
            np.add.at(self._counts, raw, one)

    def emptied(self) -> tuple[Ints, Ints]:
        """The codes of finite numbers in it, in order, and how often each is; then it is empty."""
        # Most columns use a small part of the codes.
        used = self._counts[self._first : self._end]
        places = np.flatnonzero(used != 0)
        counts, raw = used[places].astype(np.int64), places + self._first
        used[:] = 0
        self._first, self._end = _SIZE, 0
        codes = np.where(raw >= _NEGATIVE, _NEGATIVE - 1 - raw, raw)
        codes[codes == -1] = 0  # the zero below zero
        finite = np.where(codes < 0, -1 - codes, codes) < _INFINITE
        kept, place = np.unique(codes[finite], return_inverse=True)
        summed = np.zeros(len(kept), np.int64)
        np.add.at(summed, place, counts[finite])
        return kept, summed


def _raw(values: Floats) -> Ints:
    """Codes as the bits have them: numbers below zero come last, the largest of them first."""
    bits = values.view(np.uint64)
    # Rounded up and rounded down, added: an even code for a bucket's first value, else an odd one.
    raw = bits + _REST
    raw >>= _DROPPED
    raw += bits >> _DROPPED
    return raw.view(np.int64)
