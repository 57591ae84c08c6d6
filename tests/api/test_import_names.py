"""Files from a page: each goes by the name it was sent under, and counts for the source that is named."""

from __future__ import annotations

import httpx

from tests.api.server import promotion
from tests.api.test_imports import NDJSON, assignments, ended, lines


def test_a_file_goes_by_the_name_it_was_sent_under_and_counts_for_the_source_named(
    client: httpx.Client,
) -> None:
    """S4, S6: from a browser: the body is the file itself, and the page tells files by their names."""
    promotion(client, "p")
    client.post("/v1/sources", json={"name": "engine", "cadence": "daily"})
    sent = []
    for begin in (0, 8_000):  # two files of one name, one waiting for the other
        answer = client.post(
            "/v1/imports",
            params={"kind": "assignments", "name": "Gäste Mai.ndjson", "source": "engine"},
            content=lines(assignments(8_000, begin=begin)),
            headers={"Content-Type": NDJSON},
        )
        assert answer.status_code == 202
        assert (answer.json()["name"], answer.json()["source"]) == ("Gäste Mai.ndjson", "engine")
        sent.append(answer.json()["import_id"])
    for import_id in sent:
        done = ended(client, import_id)
        assert (done["state"], done["resumed"], done["outcomes"]) == (
            "done",
            0,
            {"counted": 8_000},
        )
    shown = client.get("/v1/imports").json()["items"]
    assert [one["import_id"] for one in shown] == sent[::-1]
    days = client.get("/v1/sources/engine/activity?by=day").json()["items"]
    assert sum(day["outcomes"]["assigned"] for day in days) == 16_000
    own = client.post("/v1/keys", json={"name": "k", "scopes": ["assignments:write"]}).json()
    for query, status in (
        ({"source": "none"}, 404),
        ({"source": "engine"}, 403),
        ({"source": "default"}, 202),
        ({"name": "\n"}, 422),
        ({"name": "x" * 256}, 422),
    ):
        answer = client.post(
            "/v1/imports",
            params={"kind": "assignments", **query},
            content=lines(assignments(1)),
            headers={"Content-Type": NDJSON, "Authorization": f"Bearer {own['key']}"},
        )
        assert answer.status_code == status, answer.text
