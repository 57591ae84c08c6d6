"""A channel: what changed in one workspace while somebody listens, and what each listener is still to be told.

Changes are numbered. Of each promotion that changed the channel keeps its latest text and the number of its latest
change, so a listener is told what bears a higher number than the last it has heard: each promotion once, however
often it changed meanwhile. The id of an event is the channel's token and such a number.
"""

from __future__ import annotations

import asyncio
from itertools import takewhile

import msgspec

from promosight.flows.figures.watch_figures import Moved, WatchedFigures
from promosight.flows.figures.watch_lists import WatchedLists

AT_ONCE = 200
"""Promotions that one event holds at the most."""

_LONGEST_NUMBER = 18
_encode = msgspec.json.Encoder().encode


class Listener:
    """One who listens: woken when there may be something to tell, or when it is time to end."""

    __slots__ = ("ended", "woken")

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self.ended = False

    def end(self) -> None:
        """Has it end soon."""
        self.ended = True
        self.woken.set()


class Channel:
    """What changed in a workspace. Belongs to one event loop; `figures` and `lists` to the thread that looks."""

    def __init__(self, workspace_no: int, token: str) -> None:
        self.workspace_no = workspace_no
        self.token = token
        self.figures = WatchedFigures(workspace_no)
        self.lists = WatchedLists(workspace_no)
        self.listeners: set[Listener] = set()
        self.number = 1
        self.looked = asyncio.Event()
        """Set when it has been looked at since somebody began to listen."""
        self.is_stale = True
        self.look_at = 0.0
        """When it may be looked at again, and its lists: by the loop's clock."""
        self.lists_at = 0.0
        self.left_at = 0.0
        self._texts: dict[str, bytes | None] = {}  # None: removed
        self._changed: dict[str, int] = {}  # the latest change at the end
        self._lists_changed: dict[str, int] = {}
        self._told: dict[int, list[bytes]] = {}

    def take(self, moved: Moved | None, lists: set[str]) -> bool:
        """Takes in what a look found; whether there is something to tell."""
        number = self.number + 1
        fresh: list[tuple[str, bytes | None]] = []
        if moved is not None:
            fresh = [one for one in moved.items if self._texts.get(one[0]) != one[1]]
            fresh += [(promotion_id, None) for promotion_id in moved.removed]
            lists = lists | {"problems"} if moved.waiting else lists
        for promotion_id, text in fresh:
            self._texts[promotion_id] = text
            self._changed.pop(promotion_id, None)
            self._changed[promotion_id] = number
        self._lists_changed |= dict.fromkeys(lists, number)
        if not fresh and not lists:
            return False
        self.number = number
        self._told.clear()
        for listener in self.listeners:
            listener.woken.set()
        return True

    def id_of(self, number: int) -> str:
        """The id of the event after which a listener has heard of all changes up to a number."""
        return f"{self.token}-{number}"

    def number_of(self, event_id: str) -> int | None:
        """The number in an id that this channel gave; None for any other, and for 0, before which all is unknown."""
        token, _, number = event_id.rpartition("-")
        if token != self.token or not number.isdecimal() or len(number) > _LONGEST_NUMBER:
            return None
        return int(number) if 1 <= int(number) <= self.number else None

    def since(self, number: int) -> list[bytes]:
        """The events that tell of all changes after a number, the same for all who have heard as much."""
        told = self._told.get(number)
        if told is None:
            told = self._told[number] = self._events(number)
        return told

    def _events(self, number: int) -> list[bytes]:
        late = takewhile(lambda one: one[1] > number, reversed(self._changed.items()))
        ids = [promotion_id for promotion_id, _ in late][::-1]
        lists = [name for name, changed in self._lists_changed.items() if changed > number]
        event_id = self.id_of(self.number)
        events = []
        if lists:
            what = _encode({"what": sorted(lists)})
            events.append(event("changed", what, None if ids else event_id))
        for start in range(0, len(ids), AT_ONCE):
            texts = [(one, self._texts[one]) for one in ids[start : start + AT_ONCE]]
            items = [text for _, text in texts if text is not None]
            removed = [promotion_id for promotion_id, text in texts if text is None]
            # Whoever loses the connection between two of them begins with the first again.
            last = start + AT_ONCE >= len(ids)
            events.append(figures_event(items, removed, event_id if last else None))
        return events


def event(name: str, data: bytes, event_id: str | None = None) -> bytes:
    """A server-sent event; `data` is JSON, which has no line ends."""
    numbered = b"" if event_id is None else b"id: %b\n" % event_id.encode()
    return b"event: %b\n%bdata: %b\n\n" % (name.encode(), numbered, data)


def figures_event(items: list[bytes], removed: list[str], event_id: str | None) -> bytes:
    """The event `figures`: promotions as the list shows them, and the ids of those that are there no more."""
    data = b'{"items":[%b],"removed":%b}' % (b",".join(items), _encode(removed))
    return event("figures", data, event_id)
