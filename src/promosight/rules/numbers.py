"""What thousands of numbers are here: one array, with a mark of its own for a number that is missing.

Loading numpy takes a tenth of a second, so only who takes thousands imports this; who names
it in types does so for the checker alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

NOTHING = int(np.iinfo(np.int64).min)
"""Stands where a number is missing that need not be there."""
