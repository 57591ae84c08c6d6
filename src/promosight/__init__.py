"""Promosight: exact redemption rates for promotions.

Client systems report assignments and redemptions; Promosight matches them and
keeps every figure exact. Start reading at ARCHITECTURE.md. This file holds only
the version and how many threads linear algebra takes, so importing one room never
drags in another.
"""

import os

# Small matrices are solved beside a busy server: threads of a library's own would only be in its way. The library
# looks when it is loaded, so this comes before everything else.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

__version__ = "0.1.0"
