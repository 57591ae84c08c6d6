"""Promotions and customers from files: what has no field is refused by its name, or kept where columns are free."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.connectors.definitions import read_csv, read_ndjson
from promosight.connectors.outcome_items import csv_outcomes
from promosight.connectors.reading import Reading
from promosight.connectors.told_events import csv_records
from promosight.flows.promotions.define_promotions import NamedPromotion
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.outcomes import Outcome


def of_line(record: dict[str, Any], **more: Any) -> Any:
    return next(read_ndjson("promotions", [msgspec.json.encode(record)], **more))


def test_a_promotion_of_json_lines_with_a_misspelled_field_is_refused_by_its_name() -> None:
    for record, pointer in (
        ({"limts": []}, "/limts"),
        ({"tiers": [{"tier_id": "a", "value": "5"}]}, "/tiers/0/value"),
    ):
        found = of_line({"promotion_id": "p", "name": "P"} | record)
        assert isinstance(found, Refused)
        assert (found.rejection.reason, found.rejection.pointer) == ("unknown_field", pointer)


def test_other_fields_of_a_promotion_of_json_lines_are_properties() -> None:
    found = of_line({"promotion_id": "p", "name": "P", "team": "crm"})
    assert isinstance(found, NamedPromotion)
    assert found.definition.properties == {"team": "crm"}


def test_a_customer_whose_list_holds_something_else_is_refused_by_its_place() -> None:
    line = b'{"customer_id":"c","segments":["vip",5],"tier":"gold"}'
    (found,) = read_ndjson("customers", [line])
    assert isinstance(found, Refused)
    assert found.rejection.pointer == "/segments/1"
    assert found.rejection.detail == "must be a string, not a number"


def test_what_was_exported_or_shown_goes_in_again() -> None:
    shown = {"promotion_id": "p", "name": "P", "figures": {}, "created_at": "x", "updated_at": "y"}
    assert isinstance(of_line(shown), NamedPromotion)
    flat = {"promotion_id": "p", "name": "P", "reward_type": "amount", "reward_value": "5.00"}
    found = of_line(flat)
    assert isinstance(found, NamedPromotion)
    assert found.definition.reward.value == "5.00"


def test_blank_lines_before_a_header_are_passed_over_in_every_csv() -> None:
    blank = ["\n", " \t\r\n", ",,\n"]
    (named,) = read_csv("promotions", [*blank, "promotion_id,name\n", "p,P\n"])
    assert isinstance(named, NamedPromotion)
    (told,) = csv_records([*blank, "event_id,customer_id\n", "e,c\n"])
    assert told == {"event_id": "e", "customer_id": "c"}
    outcome = "o,c,2026-11-03T12:00:00Z,order_value,5.00,EUR\n"
    header = "outcome_id,customer_id,occurred_at,measure,value,currency\n"
    (taken,) = csv_outcomes([*blank, header, outcome], Reading(2**51, 0))
    assert isinstance(taken, Outcome)


def test_other_columns_of_a_table_are_properties_be_it_csv_or_parquet() -> None:
    row = {"promotion_id": "p", "name": "P", "team": "crm", "properties": {"owner": "ann"}}
    of_parquet = of_line(row, of_table=True)
    lines = ["promotion_id,name,team,properties\n", 'p,P,crm,"{""owner"":""ann""}"\n']
    of_csv = next(read_csv("promotions", lines))
    assert of_parquet == of_csv
    assert isinstance(of_csv, NamedPromotion)
    assert of_csv.definition.properties == {"owner": "ann", "team": "crm"}
