"""Python imports this first in a process that finds it on its path: watched to its end."""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from watching import tell_at_exit

tell_at_exit(os.environ["OSTLER_TEST_REACHED"])
