"""News for the learner: which groups hold assignments of decisions in which something has moved.

An assignment of a decision says so in its details, which every flow that touches it has read anyway. So facts that
have nothing to do with decisions cost one comparison with None, and those that do append one row for a whole
transaction, in that transaction: what is learned and what is stored cannot come apart.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from promosight.store.rows import GroupKey
from promosight.store.tx import Tx

_NEWS = 256
"""No more groups than these are one piece of news."""
_MARK = '"decision_id":'
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[GroupKey]).decode


def is_decided(details: str | None) -> bool:
    """Whether an assignment with these details belongs to a decision."""
    return details is not None and _MARK in details


def note_news(
    tx: Tx, workspace_no: int, keys: Iterable[tuple[int, int, int] | GroupKey], *, now_us: int
) -> None:
    """Leaves word that something moved in these groups. Many are several news, a microsecond apart, so that they can
    be learned one after the other."""
    moved = sorted(set(map(tuple, keys)))
    for number, start in enumerate(range(0, len(moved), _NEWS)):
        text = _encode(moved[start : start + _NEWS]).decode()
        tx.run("note_news", workspace_no=workspace_no, noted_us=now_us + number, moved=text)


def moved_groups(texts: Iterable[str]) -> list[GroupKey]:
    """The groups that news are about, each once, in order."""
    return sorted({key for text in texts for key in _decode(text)})
