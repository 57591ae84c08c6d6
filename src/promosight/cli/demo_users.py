"""The demo's users: one of each role, with a password that everybody knows."""

from __future__ import annotations

from ipaddress import ip_address

from promosight.cli.fresh_keys import fresh_user
from promosight.flows.set_up.users import ROLES, add_user, list_users
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store

EMAIL, PASSWORD = "marketer@demo.example", "promosight-demo"
"""Whom a visitor is told to sign in as."""


def settle_users(store: Store, workspace: Workspace, *, now_us: int) -> None:
    """Makes the users that are not there."""
    number = workspace.workspace_no
    there = {user.email for user in store.read(lambda tx: list_users(tx, number))}
    wanted = {f"{role}@demo.example": role for role in ROLES if f"{role}@demo.example" not in there}
    made = [
        fresh_user(email, role, PASSWORD, name=role.capitalize(), now_us=now_us)
        for email, role in wanted.items()
    ]
    store.change(lambda tx: [add_user(tx, number, user) for user in made])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on this host."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
