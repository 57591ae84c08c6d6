"""`promosight erase CUSTOMER_ID`: erases a person and keeps the totals, as DELETE /v1/customers/{customer_id} does."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from promosight.cli.console import Console
from promosight.cli.fresh_keys import fresh_token
from promosight.cli.noting import Acting
from promosight.cli.options import add_store, add_workspace, opened, take_from_environment
from promosight.flows.people.erase import erase, kept_under
from promosight.flows.set_up.workspaces import find_workspace
from promosight.rules.erasing import ERASED
from promosight.store.tx import Tx


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("erase", help="erase a person for good; the totals stay")
    parser.add_argument("customer_id", metavar="CUSTOMER_ID")
    add_store(parser)
    add_workspace(parser)
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Erases one customer; again changes nothing."""
    customer_id, random, now_us = arguments.customer_id, fresh_token(), console.clock()
    token = ERASED + random

    def act(tx: Tx) -> None:
        no = find_workspace(tx, arguments.workspace)
        Acting(console, "customer.erase", token).change(
            tx,
            no,
            lambda tx: kept_under(tx, no, token),
            lambda tx: erase(tx, no, customer_id, random, now_us=now_us),
        )

    with opened(arguments, console) as store:
        store.change(act)
    if arguments.json:
        console.answer({"erased": True})
    else:
        console.say("Nothing in the store names this customer any more; the totals are unchanged.")
    return 0
