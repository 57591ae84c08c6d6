"""Promosight: exact redemption rates for promotions.

Client systems report assignments and redemptions; Promosight matches them and
keeps every figure exact. Start reading at ARCHITECTURE.md. This file holds only
the version, so importing one room never drags in another.
"""

__version__ = "0.1.0"
