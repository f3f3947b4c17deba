"""Totals and equality of numbers that were read from text: SQL expressions.

Numbers are DOUBLEs, so equality forgives rounding: nine digits of what was added up, twelve of what
was only read.
"""

SUMMED = 1e-9
READ = 1e-12


def total(number: str) -> str:
    """The total of a column of numbers, 0 of none; ordered, so that it is the same on any day."""
    return f"coalesce(fsum({number} ORDER BY {number}), 0)"


def volume(number: str) -> str:
    """How much was added up, signs apart."""
    return f"coalesce(fsum(abs({number}) ORDER BY abs({number})), 0)"


def close(left: str, right: str, tolerance: str, scale: str, digits: float) -> str:
    """Whether two numbers differ by at most a tolerance and rounding; never NULL."""
    return f"coalesce(abs({left} - {right}) <= {tolerance} + {digits!r} * ({scale}), FALSE)"
