"""The Python client: redemptions lie in an outbox of its own until the server has answered for each of them.

`from promosight.client.promosight import Promosight`. It knows HTTP and httpx, and nothing of the server. See
docs/client.md.
"""
