"""A running demo's next event: somebody uses an offer they were given and have not used up.

The feed goes on where a world ended. It reads no clock and sleeps nowhere: whoever runs it says
what time it is, and how often to ask.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime
from random import Random

from promosight.simulate.dirt import Cast
from promosight.simulate.reports import Record, redemption_record, reversal_record
from promosight.simulate.settings import World
from promosight.simulate.stories import Story, Wave, story
from promosight.simulate.written import seconds_of

_TRIES = 400
_RECENT = 200


class LiveFeed:
    """Redemptions of a world's open assignments, one at a time; remembers what is used up."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random
        self._cast = Cast(world)
        self._used: dict[tuple[int, int], int] = {}
        self._recent: deque[tuple[Story, Record]] = deque(maxlen=_RECENT)

    def next(self, now: datetime) -> Record | None:
        """The event that happens at `now` (aware): a redemption, now and then a reversal of one.

        None when nothing open was found: offers have expired or nearly everyone has used theirs.
        """
        now_s = seconds_of(now)
        if self._recent and self._random.random() < self._world.reversal:
            return self._reversal(now_s)
        told = self._open_story(now_s)
        if told is None:
            return None
        key = (told.wave.ordinal, told.person.index)
        self._used[key] = self._used.get(key, 0) + 1
        event_id = f"live-{now_s}-{self._random.getrandbits(48):012x}"
        record = redemption_record(self._world, told, event_id, now_s, self._random)
        self._recent.append((told, record))
        return record

    def _reversal(self, now_s: int) -> Record:
        place = int(self._random.random() * len(self._recent))
        told, original = self._recent[place]
        del self._recent[place]
        return reversal_record(self._world, told, original, now_s, self._random)

    def _open_story(self, now_s: int) -> Story | None:
        waves = [wave for wave in self._cast.waves if _is_open(wave, now_s)]
        people = self._cast.people
        for _ in range(_TRIES if waves else 0):
            wave = waves[int(self._random.random() * len(waves))]
            one = people[int(self._random.random() * len(people))]
            told = story(self._world, wave, one)
            if told is not None and self._may_use(told, now_s):
                return told
        return None

    def _may_use(self, told: Story, now_s: int) -> bool:
        used = len(told.uses) + self._used.get((told.wave.ordinal, told.person.index), 0)
        return (
            not told.control
            and told.assigned_s <= now_s
            and used < told.wave.offer.max_redemptions
            and self._random.random() < told.odds
        )


def _is_open(wave: Wave, now_s: int) -> bool:
    return (
        wave.offer.status == "active"
        and wave.offer.pull is not None
        and wave.launch_s <= now_s
        and (wave.expires_s is None or now_s < wave.expires_s)
    )
