# mypy: ignore-errors
"""The storms against django-oscar, run by the Python of a throwaway environment that has it.

`django_oscar.py URL THREADS ATTEMPTS`. What is called is what its checkout calls when an order is placed
(`oscar/apps/order/utils.py`): an offer's `is_available` and then `record_usage`, in one transaction of the ORM, on an
offer read from the database just before. It imports nothing of the product and nothing of bench/.
"""

import json
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from urllib.parse import urlsplit

import django
from django.conf import settings

CAP = 100


def configured(url: str) -> None:
    """Sets Django up for the PostgreSQL of a URL, with the apps that offers need."""
    parts = urlsplit(url)
    from oscar import defaults

    apps = [
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.sites",
        "django.contrib.messages",
        "django.contrib.flatpages",
        "oscar.apps.analytics.apps.AnalyticsConfig",
        "oscar.apps.checkout.apps.CheckoutConfig",
        "oscar.apps.address.apps.AddressConfig",
        "oscar.apps.shipping.apps.ShippingConfig",
        "oscar.apps.catalogue.apps.CatalogueConfig",
        "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
        "oscar.apps.communication.apps.CommunicationConfig",
        "oscar.apps.partner.apps.PartnerConfig",
        "oscar.apps.basket.apps.BasketConfig",
        "oscar.apps.payment.apps.PaymentConfig",
        "oscar.apps.offer.apps.OfferConfig",
        "oscar.apps.order.apps.OrderConfig",
        "oscar.apps.customer.apps.CustomerConfig",
        "oscar.apps.search.apps.SearchConfig",
        "oscar.apps.voucher.apps.VoucherConfig",
        "oscar.apps.wishlists.apps.WishlistsConfig",
        "widget_tweaks",
        "haystack",
        "treebeard",
        "django_tables2",
    ]
    settings.configure(
        **{name: value for name, value in vars(defaults).items() if name.isupper()},
        INSTALLED_APPS=apps,
        SITE_ID=1,
        SECRET_KEY="of a benchmark",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HAYSTACK_CONNECTIONS={
            "default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}
        },
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path.lstrip("/"),
                "HOST": parts.hostname,
                "PORT": parts.port,
                "USER": parts.username,
            }
        },
        MIGRATION_MODULES={app.split(".")[-3 if "apps" in app else -1]: None for app in apps},
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)


def offer(limit: int | None) -> int:
    """A new offer; its key."""
    from oscar.core.loading import get_model

    condition = get_model("offer", "Condition").objects.create(type="Count", value=1)
    benefit = get_model("offer", "Benefit").objects.create(type="Fixed", value=5)
    made = get_model("offer", "ConditionalOffer").objects.create(
        name=f"offer {time.time_ns()}",
        condition=condition,
        benefit=benefit,
        max_global_applications=limit,
    )
    return int(made.pk)


def used(pk: int) -> bool:
    """One order that uses the offer, if it may; whether it might."""
    from django.db import transaction
    from oscar.core.loading import get_model

    with transaction.atomic():
        found = get_model("offer", "ConditionalOffer").objects.get(pk=pk)
        if not found.is_available():
            return False
        found.record_usage({"freq": 1, "discount": Decimal(5)})
        return True


def voucher(pool: ThreadPoolExecutor, attempts: int) -> dict[str, object]:
    """All attempts on a voucher that is for one use: `is_available_to_user`, and then `record_usage` of a new order."""
    from django.contrib.auth.models import AnonymousUser
    from django.db import transaction
    from django.utils import timezone
    from oscar.core.loading import get_model

    models, now = get_model("voucher", "Voucher"), timezone.now()
    dates = {"start_datetime": now, "end_datetime": now + timezone.timedelta(days=1)}
    pk = models.objects.create(name="one use", code="ONCE", usage=models.SINGLE_USE, **dates).pk
    money = dict.fromkeys(
        ("total_incl_tax", "total_excl_tax", "shipping_incl_tax", "shipping_excl_tax"), Decimal(10)
    )

    def use(number: int) -> bool:
        with transaction.atomic():
            found = models.objects.get(pk=pk)
            if not found.is_available_to_user(AnonymousUser())[0]:
                return False
            order = get_model("order", "Order").objects.create(
                number=f"o-{number}", date_placed=now, **money
            )
            found.record_usage(order, AnonymousUser())
            return True

    granted = Counter(pool.map(use, range(attempts)))[True]
    after = models.objects.get(pk=pk)
    return {"attempts": attempts, "granted": granted, "counted": after.num_orders}


def storm(pool: ThreadPoolExecutor, attempts: int, limit: int | None) -> dict[str, object]:
    """All attempts on one offer: what was granted, what its counters say, how long it took."""
    from oscar.core.loading import get_model

    pk = offer(limit)
    began = time.perf_counter()
    granted = Counter(pool.map(lambda _: used(pk), range(attempts)))[True]
    seconds = time.perf_counter() - began
    after = get_model("offer", "ConditionalOffer").objects.get(pk=pk)
    return {
        "attempts": attempts,
        "granted": granted,
        "counted": after.num_applications,
        "spend_counted": str(after.total_discount),
        "seconds": seconds,
    }


def main() -> None:
    """Runs the storms and prints what came of them as JSON."""
    url, threads, attempts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    configured(url)
    import oscar

    with ThreadPoolExecutor(
        threads
    ) as pool:  # each thread keeps its connection, as a web server's do
        capped, free = storm(pool, attempts, CAP), storm(pool, attempts, None)
        once = voucher(pool, attempts)
    version = f"django-oscar {oscar.get_version()}, Django {django.get_version()}"
    print(json.dumps({"version": version, "capped": capped, "free": free, "voucher": once}))


if __name__ == "__main__":
    main()
