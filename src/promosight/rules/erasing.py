"""Erasing a person: the random name that takes the place of an identifier, in columns and inside kept texts.

The token is random, so nothing leads back from it; and since customers are numbered by a hash of their name, whoever
is renamed has a number that nobody can find by guessing the old one.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from promosight.rules.identity import bucket_of, customer_number

ERASED = "erased-"
"""How the name of an erased person begins."""

NOTHING_LEFT = "{}"
"""A refused payload of which nothing was to be kept any longer."""

_SHORT = 4
"""Shorter ids, and mere numbers, are only taken for an id where they are a whole text."""


class Renaming(NamedTuple):
    """One person under two names: the identifier, and the token that stands in its place from here on."""

    customer_id: str
    customer_no: int
    token: str
    token_no: int

    @property
    def bucket(self) -> int:
        """Where the person's facts lie before."""
        return bucket_of(self.customer_no)

    @property
    def token_bucket(self) -> int:
        """Where they lie afterwards."""
        return bucket_of(self.token_no)

    @property
    def written(self) -> tuple[str, ...]:
        """How JSON texts may write the identifier."""
        plain = json.dumps(self.customer_id, ensure_ascii=False)[1:-1]
        return tuple({self.customer_id, plain, json.dumps(self.customer_id)[1:-1]})

    @property
    def number_text(self) -> str:
        """The number, as ids of assignments that came without one carry it."""
        return f"asg-{self.customer_no:016x}-"

    def of_id(self, assignment_id: str | None) -> str | None:
        """The id of an assignment, under the new number if it was made of the old one."""
        if assignment_id is None:
            return None
        return assignment_id.replace(self.number_text, f"asg-{self.token_no:016x}-")

    def of_text(self, text: str) -> str:
        """A kept text with the token wherever the identifier stands by itself."""
        for written in self.written:
            text = text.replace(f'"{written}"', f'"{self.token}"')
            if len(written) >= _SHORT and not written.isdigit():
                alone = rf"(?<![\w@:-]){re.escape(written)}(?![\w@:-]|\.\w)"
                text = re.sub(alone, self.token, text)
        return self.of_id(text) or ""

    def names(self, text: str) -> bool:
        """Whether a kept text names the person."""
        other = self._replace(token="\0", token_no=-1)  # what no text holds
        return other.of_text(text) != text


def emptied(token: str) -> str:
    """What is left of a refused payload of a person who was erased."""
    return json.dumps({"customer_id": token}, separators=(",", ":"))


def is_emptied(payload: str) -> bool:
    """Whether of a refused payload nothing is left that could be read once more."""
    begins = emptied(ERASED)[:-2]
    return payload == NOTHING_LEFT or (payload.startswith(begins) and payload.count('"') == 4)


def renaming(workspace_id: str, customer_id: str, customer_no: int, random: str) -> Renaming:
    """The renaming of a customer; `random` is nobody's to guess."""
    token = ERASED + random
    return Renaming(customer_id, customer_no, token, customer_number(workspace_id, token))
