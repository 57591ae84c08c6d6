"""Who calls: the key of a request, or the session of a browser; its workspace, source and scopes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

from promosight.errors import Denied, NotFound, Unauthenticated
from promosight.flows.set_up.workspaces import DEFAULT_SOURCE, digest_of
from promosight.store.catalogue import Catalogue, Workspace, load
from promosight.store.engine import Store
from promosight.store.tx import Tx

_KEPT_US = 2_000_000
"""A key is believed this long before it is looked up again."""
_FRESH_US = 1_000_000
"""After this long it is looked up beside, so that nobody waits for that while the key is in use."""
_MAX_KEPT = 10_000
_HOW = "send the key as `Authorization: Bearer KEY` or `X-API-KEY: KEY`, or sign in"


class SignedIn(NamedTuple):
    """The user of a session. `secure`: their browser came by https."""

    email: str
    name: str
    role: str
    secure: bool


class Caller(NamedTuple):
    """A key or session that was found good, and what follows from it."""

    key_id: str
    workspace: Workspace
    source_no: int
    scopes: frozenset[str]
    ip_ranges: tuple[str, ...]
    expires_us: int | None
    seen_us: int
    user: SignedIn | None = None

    @property
    def name(self) -> str:
        """What they go by in logs and allowances: a user's email, or the key; "" for nobody."""
        if self.user is not None:
            return self.user.email
        return self.key_id and f"key {self.key_id}"


_NOWHERE = Workspace(0, "", "", "UTC", "EUR", "monday", 0, 0, 0, 0, 0)
NOBODY = Caller("", _NOWHERE, 0, frozenset(), (), None, 0)
"""Who calls a route that asks for no key. No workspace has the number 0, so nobody's data are in reach."""

Find = Callable[[Store, str, int], Caller]
"""Looks up who has the secret of this digest at this instant, in a thread. Raises Unauthenticated."""
_Asked = dict[str, "asyncio.Future[Caller]"]


def find_key(store: Store, digest: str, now_us: int) -> Caller:
    """The caller behind a key's digest. Raises Unauthenticated."""
    return store.read(lambda tx: _by_key(tx, digest, now_us))


class Keys:
    """Looks keys up, and remembers them for a moment, by their digest: no secret is kept in memory.

    With another `find`, the same for sessions.
    """

    def __init__(self, store: Store, find: Find = find_key) -> None:
        self._store = store
        self._find = find
        self._kept: dict[str, Caller] = {}
        self._asked: _Asked = {}

    async def caller(self, secret: str | None, *, now_us: int) -> Caller:
        """The caller behind a secret. Raises Unauthenticated.

        Those who ask for the same key while it is looked up wait for the same answer.
        """
        if not secret:
            raise Unauthenticated(_HOW)
        digest = digest_of(secret)
        kept = self.known(digest, now_us=now_us)
        return await asyncio.shield(self._asking(digest, now_us)) if kept is None else kept

    def known(self, digest: str, *, now_us: int) -> Caller | None:
        """The caller behind the secret of this digest, if looked up a moment ago. Belongs to the event loop."""
        kept = self._kept.get(digest)
        if kept is None or now_us > kept.seen_us + _KEPT_US:
            return None
        if now_us > kept.seen_us + _FRESH_US:
            self._asking(digest, now_us)
        return kept

    def _asking(self, digest: str, now_us: int) -> asyncio.Future[Caller]:
        """The look-up of a key that is under way, or begins now."""
        asked = self._asked.get(digest)
        if asked is None:
            looking = self._look_up(digest, now_us, self._kept, self._asked)
            asked = self._asked[digest] = asyncio.ensure_future(looking)
            asked.add_done_callback(_heard)
        return asked

    def forget(self) -> None:
        """Looks every key up anew, because one was revoked or what follows from it changed.

        What is being looked up at this moment was perhaps read before: its answer goes to the old dictionaries.
        """
        self._kept = {}
        self._asked = {}

    async def _look_up(
        self, digest: str, now_us: int, kept: dict[str, Caller], asked: _Asked
    ) -> Caller:
        try:
            caller = await asyncio.to_thread(self._find, self._store, digest, now_us)
        except Unauthenticated:
            kept.pop(digest, None)
            raise
        finally:
            del asked[digest]
        if len(kept) >= _MAX_KEPT:
            kept.clear()
        kept[digest] = caller
        return caller


def _heard(asked: asyncio.Future[Caller]) -> None:
    """A look-up that nobody waited for may fail unheard: whoever comes next looks again."""
    if not asked.cancelled():
        asked.exception()


def check(caller: Caller, address: str, scope: str, *, now_us: int) -> None:
    """Raises Unauthenticated when the key or session has expired, Denied from elsewhere or without the scope.

    Of several scopes, parted by spaces, one is enough; where there is none, anybody may.
    """
    if caller.expires_us is not None and caller.expires_us <= now_us:
        raise Unauthenticated("the key has expired" if caller.user is None else "sign in again")
    if caller.ip_ranges and not _is_within(address, caller.ip_ranges):
        raise Denied("the key may not be used from this address")
    if scope not in caller.scopes and scope:
        allow(caller, *scope.split())


def allow(caller: Caller, *scopes: str) -> None:
    """Raises Denied when the key or the user's role has none of these scopes."""
    if caller.scopes.isdisjoint((*scopes, "admin")):
        who = "the key" if caller.user is None else f"the role {caller.user.role}"
        raise Denied(f"{who} lacks the scope {' or '.join(scopes)}")


def default_source(catalogue: Catalogue) -> int:
    """The source of those who name none. Raises NotFound."""
    named = [no for no, name in catalogue.sources.items() if name == DEFAULT_SOURCE]
    if not named:
        raise NotFound("the workspace has no default source")
    return named[0]


def _by_key(tx: Tx, digest: str, now_us: int) -> Caller:
    row = tx.one("key_by_digest", secret_digest=digest)
    if row is None or row[6] is not None:
        raise Unauthenticated("the key is unknown or was revoked")
    key_id, workspace_no, source_no, scopes, ranges, expires_us, _ = row
    catalogue = load(tx, workspace_no)
    return Caller(
        key_id,
        catalogue.workspace,
        default_source(catalogue) if source_no is None else source_no,
        frozenset(scopes.split()),
        tuple(ranges.split()),
        expires_us,
        now_us,
    )


def _is_within(address: str, ranges: tuple[str, ...]) -> bool:
    try:
        here = ip_address(address)
    except ValueError:
        return False
    if isinstance(here, IPv6Address) and here.ipv4_mapped is not None:
        here = here.ipv4_mapped
    return any(here in ip_network(one, strict=False) for one in ranges)
