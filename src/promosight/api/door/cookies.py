"""The session of a browser: its cookie, whose it is, and what keeps other sites from using it.

A browser sends the cookie by itself, perhaps because another site made it. So a change asked for by cookie needs
a header that no other site can send unasked (`X-Promosight: 1`), and what the browser says of the asking page
(`Sec-Fetch-Site`, `Origin`) must be this server. The cookie is `SameSite=Strict` besides.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from promosight.api.door.call import Headers, Scope
from promosight.api.door.keys import Caller, SignedIn, default_source
from promosight.errors import Denied
from promosight.flows.set_up.sessions import Session, find_session, touch_session
from promosight.flows.set_up.users import ROLES
from promosight.store.catalogue import load
from promosight.store.engine import Store
from promosight.store.tx import Tx

COOKIE = "promosight_session"
HEADER = "X-Promosight"
SIGNED_IN = "session"
"""The scope that every user has and no key."""
_SAFE = ("GET", "HEAD")
_OWN_SITE = (b"same-origin", b"none")
_PORTS = {"http": ":80", "https": ":443"}


def token_of(headers: Headers) -> str | None:
    """The token of the session cookie, where there is one."""
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE and value:
            return value
    return None


def cookie(token: str, *, seconds: int, secure: bool) -> str:
    """The `Set-Cookie` that has a browser keep a token; 0 seconds have it forget."""
    kept = f"{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}"
    return f"{kept}; Secure" if secure else kept


def came_securely(scope: Scope, headers: Headers) -> bool:
    """Whether the browser speaks https, with us or with a proxy before us, as far as anybody says."""
    return (
        scope.get("scheme") == "https"
        or headers.get(b"x-forwarded-proto", b"").startswith(b"https")
        or headers.get(b"origin", b"").startswith(b"https:")
    )


def check_change(method: str, headers: Headers) -> None:
    """Raises Denied where a change by cookie may have been another site's idea."""
    if method in _SAFE:
        return
    if headers.get(HEADER.lower().encode()) != b"1":
        raise Denied(f"a change by cookie needs the header {HEADER}: 1", code="cross_site")
    check_site(headers)


def check_site(headers: Headers) -> None:
    """Raises Denied where the browser says that a page of another site asked."""
    if headers.get(b"sec-fetch-site", b"none") not in _OWN_SITE or not _is_here(headers):
        raise Denied("the request comes from another site", code="cross_site")


def find_caller(store: Store, digest: str, now_us: int) -> Caller:
    """The user behind a token's digest; notes now and then that they are here. Raises Unauthenticated."""

    def ask(tx: Tx) -> tuple[Session, Caller]:
        session = find_session(tx, digest, now_us=now_us)
        catalogue = load(tx, session.workspace_no)
        source_no = default_source(catalogue)
        scopes = frozenset((*ROLES[session.role], SIGNED_IN))
        user = SignedIn(session.email, session.name, session.role, bool(session.secure))
        found = "", catalogue.workspace, source_no, scopes, (), session.expires_us, now_us, user
        return session, Caller(*found)

    session, caller = store.read(ask)
    if not session.is_to_be_touched(now_us):
        return caller
    store.change(lambda tx: touch_session(tx, digest, now_us=now_us))
    return store.read(ask)[1]


def _is_here(headers: Headers) -> bool:
    """Whether the page that asked, where the browser names it, lies on the host that was asked."""
    origin = headers.get(b"origin")
    if origin is None:
        return True
    try:
        asking = urlsplit(origin.decode("latin-1").lower())
    except ValueError:
        return False
    host = headers.get(b"host", b"").decode("latin-1").lower()
    usual = _PORTS.get(asking.scheme, "")
    return asking.netloc != "" and asking.netloc.removesuffix(usual) == host.removesuffix(usual)
