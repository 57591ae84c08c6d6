"""Columns of plain texts, such as ids, that lie side by side as bytes: texts are made of them only where asked for.

Choosing some of thousands, putting them in order, telling which are alike and handing them to the store takes no texts
then. They come from readers that see where texts stand before they make any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from promosight.rules.numbers import Numbers

_WORD = 8


class Aligned(Sequence[Any]):
    """A column of texts that all are ids as they should be, but for rows that say nothing.

    None is long, or has a sign in it that is neither a letter, a digit nor punctuation of ASCII.
    """

    __slots__ = ("_chosen", "_order", "_texts", "signs")

    def __init__(
        self, signs: npt.NDArray[np.bytes_], texts: list[str | None] | None = None
    ) -> None:
        self.signs = signs
        """The bytes of each; none where a row says nothing."""
        self._texts = texts
        self._chosen: tuple[list[str | None], Numbers] | None = None
        self._order: Numbers | None = None

    @property
    def made(self) -> bool:
        """Whether there are texts of it already."""
        return self._texts is not None

    @property
    def texts(self) -> list[str | None]:
        """The texts, made once."""
        if self._texts is None:
            if self._chosen is None:
                self._texts = _texts(self.signs)
            else:
                texts, rows = self._chosen
                self._texts, self._chosen = [texts[row] for row in rows.tolist()], None
        return self._texts

    @property
    def even(self) -> bool:
        """Whether each row says something, and all as many signs."""
        return _even(self.signs)

    def __len__(self) -> int:
        return len(self.signs)

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return Aligned(self.signs[row], None if self._texts is None else self._texts[row])
        return self.signs[row].decode() or None if self._texts is None else self._texts[row]

    def __iter__(self) -> Iterator[str | None]:
        return iter(self.texts)

    def __reversed__(self) -> Iterator[str | None]:
        return reversed(self.texts)

    def __contains__(self, value: object) -> bool:
        if value is None:
            return not self.even and b"" in self.signs
        return value != "" and value in self.texts

    def count(self, value: Any) -> int:
        """How many rows say a value."""
        return 0 if value is None and self.even else self.texts.count(value)

    def but(self, rows: Iterable[int]) -> Aligned:
        """The column that says nothing in some rows."""
        signs = self.signs.copy()
        signs[list(rows)] = b""
        return Aligned(signs)

    def at(self, rows: Numbers) -> Aligned:
        """What some rows say."""
        some = Aligned(self.signs[rows])
        if self._texts is not None:
            some._chosen = self._texts, rows
        return some

    def order(self) -> Numbers:
        """The rows in the order of their bytes, and where these are alike as they came."""
        import numpy as np  # as whoever made this has

        if self._order is None:
            signs = _bytes(self.signs)
            # Most ids differ in a few of their bytes, which then are a number or two.
            varying = signs[:, (signs != signs[:1]).any(axis=0)]
            words = _words(varying if varying.size else signs)
            self._order = np.lexsort([words[:, place] for place in range(words.shape[1])][::-1])
        return self._order

    def said_before(self) -> tuple[Numbers, Numbers]:
        """The rows that say what one before them does, and the first that does so of each."""
        import numpy as np

        order = self.order()
        signs = self.signs[order]
        again = np.append(False, signs[1:] == signs[:-1])[: len(order)]
        begins = np.flatnonzero(~again)
        first = order[begins[np.cumsum(~again) - 1]]
        return order[again], first[again]

    def looks(self) -> npt.NDArray[np.uint64]:
        """A number for each row, the same where texts are; seldom also where they are not."""
        import numpy as np

        words = _words(_bytes(self.signs))
        looks = np.zeros(len(words), np.uint64)
        for place in range(words.shape[1]):
            looks = (looks ^ words[:, place]) * np.uint64(0x9E37_79B1_85EB_CA87)
            looks ^= looks >> np.uint64(29)
        return looks


def side_by_side(parts: Sequence[Aligned]) -> Aligned:
    """Columns one behind the other."""
    import numpy as np

    signs = np.concatenate([part.signs for part in parts])
    if not all(part.made for part in parts):
        return Aligned(signs)
    return Aligned(signs, [text for part in parts for text in part.texts])


def _even(signs: npt.NDArray[np.bytes_]) -> bool:
    # No text holds the character zero, which fills up those that are shorter.
    return bool(_bytes(signs)[:, -1].all())


def _bytes(signs: npt.NDArray[np.bytes_]) -> npt.NDArray[np.uint8]:
    import numpy as np

    return np.ascontiguousarray(signs).view(np.uint8).reshape(len(signs), signs.itemsize)


def _texts(signs: npt.NDArray[np.bytes_]) -> list[str | None]:
    import numpy as np

    ended = np.zeros((len(signs), signs.itemsize + 1), np.uint8)
    ended[:, :-1] = _bytes(signs)
    if not len(signs) or not ended[:, 0].all():
        return [one.decode() or None for one in signs.tolist()]
    if not ended[:, -2].all():
        is_kept = ended != 0
        is_kept[:, -1] = True
        ended = ended[is_kept]
    texts: list[str | None] = [*ended.tobytes().decode().split("\0")]
    texts.pop()
    return texts


def _words(signs: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Rows of bytes as numbers, eight in each, in whose order the rows are."""
    import numpy as np

    count, width = -(-signs.shape[1] // _WORD), signs.shape[1]
    filled = np.zeros((len(signs), count * _WORD), np.uint8)
    filled[:, :width] = signs
    return filled.view(">u8").astype(np.uint64)
