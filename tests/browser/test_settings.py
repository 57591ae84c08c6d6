"""The settings: the workspace, its people and keys, and what each role may do with them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.api.server import figures, promotion
from tests.browser.conftest import SignedIn
from tests.browser.people import PASSWORD, Role, email_of
from tests.browser.shop import assign


def test_an_administrator_adds_a_user_who_then_signs_in(signed_in: SignedIn) -> None:
    """P14."""
    page = signed_in("admin", "/settings?tab=users")
    page.get_by_role("button", name="Add a user").click()
    dialog = page.get_by_role("dialog", name="Add a user")
    dialog.get_by_label("Email").fill("nora@brand.example")
    dialog.get_by_label("Name").fill("Nora Lind")
    dialog.get_by_role("radio", name="Viewer").click()
    dialog.get_by_label("First password").fill(PASSWORD)
    dialog.get_by_role("button", name="Add the user").click()
    row = page.get_by_role("row", name=re.compile("Nora Lind"))
    expect(row).to_contain_text("Viewer")
    answer = page.request.post(
        "/v1/session", data={"email": "nora@brand.example", "password": PASSWORD}
    )
    assert answer.json()["user"]["role"] == "viewer"


def test_what_is_wrong_with_a_new_user_stands_at_the_field(
    signed_in: SignedIn, faults: list[str]
) -> None:
    page = signed_in("admin", "/settings?tab=users")
    page.get_by_role("button", name="Add a user").click()
    page.get_by_label("Email").fill(email_of("admin"))
    page.get_by_label("First password").fill(PASSWORD)
    page.get_by_role("button", name="Add the user").click()
    expect(page.get_by_role("dialog")).to_contain_text("There is already a user")
    assert faults == ["POST /v1/users was answered 409"]
    faults.clear()


def test_days_are_those_of_the_workspace_wherever_one_looks_from(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """P14: a user added today was added today, also where it is yesterday or tomorrow."""
    page = signed_in("admin", None)
    now = datetime.now(UTC)
    elsewhere = (
        "Pacific/Niue" if now.hour < 11 else "Pacific/Kiritimati"
    )  # eleven hours back, fourteen ahead
    chosen = {"timezoneId": elsewhere}
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", chosen)
    page.goto("/settings?tab=users")
    (user,) = [one for one in server.get("/v1/users").json()["items"] if one["role"] == "admin"][:1]
    added = datetime.fromisoformat(user["created_at"])
    expect(page.get_by_role("row", name=user["email"])).to_contain_text(f"{added:%-d %b %Y}")


def test_the_last_administrator_stays(
    signed_in: SignedIn, server: httpx.Client, faults: list[str]
) -> None:
    """P14: and the page says why."""
    page = signed_in("admin")
    for user in server.get("/v1/users").json()["items"]:
        if user["role"] == "admin" and user["email"] != email_of("admin"):
            server.delete(f"/v1/users/{user['email']}")
    ask(page, "Admin", "Change the role")
    page.get_by_role("radio", name="Viewer").click()
    page.get_by_role("button", name="Change the role").click()
    expect(page.get_by_role("alert")).to_contain_text("This is the last admin")
    page.keyboard.press("Escape")
    ask(page, "Admin", "Remove")
    page.get_by_role("button", name="Remove the user").click()
    expect(page.get_by_role("alert")).to_contain_text("This is the last admin")
    assert len(faults) == 2
    faults.clear()


@pytest.mark.parametrize(
    ("role", "may_see_keys"), [("viewer", False), ("marketer", False), ("developer", True)]
)
def test_each_role_sees_what_it_may(signed_in: SignedIn, role: Role, may_see_keys: bool) -> None:
    """P14: what is closed to a role says who it is open to."""
    page = signed_in(role, "/settings")
    expect(page.get_by_text("Administrators change these settings")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.get_by_role("tab", name="Users").click()
    expect(page.get_by_text("Administrators manage the users")).to_be_visible()
    page.get_by_role("tab", name="Keys").click()
    make = page.get_by_role("button", name="Make a key")
    expect(make).to_have_count(1 if may_see_keys else 0)
    page.get_by_role("tab", name="My account").click()
    expect(page.get_by_text(re.compile("You may not: .*Manage users"))).to_be_visible()


def test_a_key_is_made_shown_once_and_revoked(signed_in: SignedIn, server: httpx.Client) -> None:
    """P14: scopes, addresses and an end; what is revoked is refused at once."""
    page = signed_in("admin", "/settings?tab=keys")
    page.get_by_role("button", name="Make a key").click()
    page.get_by_label("Name").fill("Reporting")
    for scope in ("Report redemptions", "Report assignments"):
        page.get_by_role("checkbox", name=re.compile(scope)).uncheck()
    page.get_by_role("checkbox", name=re.compile("Read figures")).check()
    page.get_by_role("combobox", name="Only from these addresses").fill("127.0.0.0/8")
    page.get_by_role("button", name="Make the key").click()
    key = {"Authorization": f"Bearer {page.get_by_label('The key', exact=True).inner_text()}"}
    page.get_by_role("button", name="I have kept it").click()
    row = page.get_by_role("row", name=re.compile("Reporting"))
    expect(row).to_contain_text("Only from 127.0.0.0/8")
    assert server.get("/v1/promotions", headers=key).status_code == 200

    page.get_by_role("button", name="Actions of Reporting").click()
    page.get_by_role("menuitem", name="Revoke").click()
    page.get_by_role("button", name="Revoke the key").click()
    expect(row).to_have_count(0)
    assert server.get("/v1/promotions", headers=key).status_code == 401
    page.get_by_role("switch", name=re.compile("Revoked and expired")).click()
    expect(row).to_contain_text("Revoked")


def test_a_developers_key_can_do_no_more_than_they_may(signed_in: SignedIn) -> None:
    """P14."""
    page = signed_in("developer", "/settings?tab=keys")
    page.get_by_role("button", name="Make a key").click()
    everything = page.get_by_role("checkbox", name=re.compile("^Everything"))
    expect(everything).to_be_disabled()


def test_another_time_zone_is_asked_about_and_then_holds(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    page = signed_in("admin", "/settings")
    zone = page.get_by_role("combobox", name="Time zone")
    zone.fill("Lisb")
    page.get_by_role("option", name="Europe/Lisbon").click()
    page.get_by_role("button", name="Save").click()
    question = page.get_by_role("dialog", name="Count everything anew?")
    question.get_by_role("button", name="Save and count anew").click()
    expect(page.get_by_text("The settings are saved")).to_be_visible()
    assert server.get("/v1/workspace").json()["time_zone"] == "Europe/Lisbon"


def test_the_tracking_start_is_shown_and_fixed(signed_in: SignedIn) -> None:
    """S42."""
    page = signed_in("admin", "/settings")
    start = page.get_by_role("region", name="Tracking start")
    expect(start).to_contain_text("nobody can move it")
    expect(start.get_by_role("textbox")).to_have_count(0)


def test_people_change_their_own_password(
    page: Page, server: httpx.Client, faults: list[str]
) -> None:
    pat = {"email": "pat@brand.example", "password": PASSWORD}
    assert server.post("/v1/users", json=pat | {"role": "marketer"}).status_code == 201
    assert page.request.post("/v1/session", data=pat).ok
    page.goto("/settings?tab=account")
    page.get_by_label("Current password").fill("not this one")
    page.get_by_label("New password").fill("another long word")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Is not your password")).to_be_visible()
    assert faults == ["POST /v1/session/password was answered 422"]
    faults.clear()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()


def ask(page: Page, name: str, what: str) -> None:
    """Opens what can be done with a user, and chooses."""
    page.goto("/settings?tab=users")
    page.get_by_role("button", name=f"Actions of {name}", exact=True).click()
    page.get_by_role("menuitem", name=what).click()


def test_an_administrator_says_how_long_data_is_kept(
    signed_in: SignedIn, server: httpx.Client, faults: list[str]
) -> None:
    """P18: what is shorter is asked about, what cannot be is said at the field, and the audit log has it."""
    page = signed_in("admin", "/settings?tab=privacy")
    refused = page.get_by_role("textbox", name="Refused payloads")
    refused.fill("90")
    page.get_by_role("textbox", name="Ids of customers").fill("365")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Save and forget").click()
    expect(page.get_by_text(re.compile("Must not be more than .Ids of customers."))).to_be_visible()
    assert len(faults) == 1
    faults.clear()
    page.get_by_role("textbox", name="Answers for retries").fill("30")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Save and forget").click()
    expect(page.get_by_text("The settings are saved.")).to_be_visible()
    kept = server.get("/v1/workspace/retention").json()
    assert kept == {
        "refused_days": 90,
        "answers_days": 30,
        "traces_days": None,
        "payments_days": None,
        "customers_days": 365,
    }
    page.get_by_role("tab", name="Audit log").click()
    entry = page.get_by_role("listitem").filter(has_text="Retention changed").first
    expect(entry).to_contain_text("admin@brand.example")
    expect(entry).to_contain_text("refused_days 90")


def test_a_person_is_erased_on_their_page(
    signed_in: SignedIn, server: httpx.Client, faults: list[str]
) -> None:
    """P18, N12: everything kept is saved first; a viewer is offered neither."""
    promotion(server, "ERASE")
    assign(server, "ERASE", range(9_900, 9_902))
    mine = "c-9900"
    page = signed_in("viewer", f"/customers/{mine}")
    expect(page.get_by_role("region", name="Timeline")).to_be_visible()
    expect(page.get_by_role("button", name="Personal data")).to_have_count(0)
    page = signed_in("admin", f"/customers/{mine}")
    page.get_by_role("button", name="Personal data").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Save all that is kept").click()
    assert mine in Path(saved.value.path()).read_text()
    page.get_by_role("button", name="Personal data").click()
    page.get_by_role("menuitem", name="Erase this person").click()
    erase = page.get_by_role("button", name="Erase the person")
    expect(erase).to_be_disabled()
    page.get_by_label(f"Type {mine} to confirm").fill(mine)
    erase.click()
    expect(page.get_by_text("The person is erased")).to_be_visible()
    expect(page.get_by_role("link", name=mine)).to_have_count(0)
    assert server.get(f"/v1/customers/{mine}/timeline").status_code == 404
    page.go_back()
    expect(page.get_by_text("There is no customer with this id")).to_be_visible()
    assert faults == [f"GET /v1/customers/{mine}/timeline was answered 404"]
    faults.clear()
    assert figures(server, "ERASE")["assigned"] == 2
