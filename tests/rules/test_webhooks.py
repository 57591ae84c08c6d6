"""P11: webhooks are signed as Standard Webhooks says, tried again ever more rarely, and go to public addresses only."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from promosight.errors import Invalid
from promosight.rules.instants import DAY_US, HOUR_US, SECOND_US
from promosight.rules.webhooks import (
    TRIED_FOR_US,
    Attempt,
    check_url,
    may_be_told,
    message_id,
    secret_of,
    signatures,
    tried_again_us,
)

REFUSED = Attempt(500, None)
BLOCKS = [str(ip_address(number)) for number in (0x0A010203, 0xAC100001, 0xC0A80101)]
"""An address in each block of RFC 1918."""


def test_the_published_example_has_the_published_signature() -> None:
    """P11: of the Standard Webhooks libraries' own tests."""
    secret, message = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    signed = signatures([secret], message, 1_614_265_330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    both = signatures([secret_of(b"new"), secret], message, 1_614_265_330, b'{"test": 2432232314}')
    assert both.split(" ")[1] == signed


def test_the_same_fact_has_the_same_id_at_the_same_webhook_and_at_no_other() -> None:
    ids = {
        message_id(webhook, kind, fact)
        for webhook in ("wh_1", "wh_2")
        for kind in ("redemption.counted", "redemption.reversed")
        for fact in ([1, "e"], [2, "e"], [1, "f"])
    }
    assert len(ids) == 12
    again = message_id("wh_1", "redemption.counted", (1, "e"))
    assert again == message_id("wh_1", "redemption.counted", [1, "e"])


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_pauses_grow_to_six_hours_and_end_after_three_days(chance: float) -> None:
    now_us, attempts, pauses = 0, 0, []
    while True:
        attempts += 1
        again_us = tried_again_us(attempts, REFUSED, begun_us=0, now_us=now_us, chance=chance)
        if again_us is None:
            break
        pauses.append(again_us - now_us)
        now_us = again_us
    assert now_us == TRIED_FOR_US == 3 * DAY_US
    assert 8 * SECOND_US <= pauses[0] <= 12 * SECOND_US
    assert max(pauses) <= 8 * HOUR_US
    assert pauses[:7] == sorted(pauses[:7])
    assert 15 <= attempts <= 25


def test_a_receiver_may_ask_for_more_time_and_never_for_more_than_there_is() -> None:
    asked = Attempt(429, None, wait_us=HOUR_US)
    assert tried_again_us(1, asked, begun_us=0, now_us=5, chance=0) == 5 + HOUR_US
    assert tried_again_us(9, asked, begun_us=0, now_us=5, chance=0) == 5 + int(0.8 * 6 * HOUR_US)
    late_us = TRIED_FOR_US - SECOND_US
    assert tried_again_us(1, asked, begun_us=0, now_us=late_us, chance=0) == TRIED_FOR_US


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1:248:1893:25c8:1946", True, True),
        ("127.0.0.1", False, True),
        *((block, False, True) for block in BLOCKS),
        ("::1", False, True),
        ("fd00::1", False, True),
        (f"::ffff:{BLOCKS[0]}", False, True),
        ("100.64.0.1", False, False),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("64:ff9b::5db8:d822", True, True),
        ("2002:a9fe:a9fe::1", False, False),
        ("2002:7f00:1::1", False, True),
        ("fe80::1", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("255.255.255.255", False, False),
        ("240.0.0.1", False, False),
    ],
)
def test_where_messages_may_go(address: str, public: bool, private: bool) -> None:
    assert may_be_told(ip_address(address), private=False) is public
    assert may_be_told(ip_address(address), private=True) is private


def test_plain_http_is_for_private_networks_only_where_these_are_allowed() -> None:
    assert check_url(f"http://{BLOCKS[0]}:8080/x", private=True).port == 8080
    for url in ("http://shop.example/", f"https://{BLOCKS[0]}/"):
        with pytest.raises(Invalid):
            check_url(url, private=False)
    with pytest.raises(Invalid):
        check_url("http://169.254.169.254/", private=True)
