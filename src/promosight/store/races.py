"""Races between writers: a unique key settles who was first, and the other one starts over."""

from __future__ import annotations


class LostRace(Exception):
    """Another process wrote the same identity first; the transaction is run again and sees it."""


class OutOfTurn(LostRace):
    """Another writer has a lock that comes before one that is held: to wait for it could be for ever."""
