"""The textbook: what a good engineer writes who follows the documentation of FastAPI, Pydantic and SQLAlchemy.

One transaction for each event, on the same store, as durable (SQLite: WAL, synchronous FULL, immediate
transactions as SQLAlchemy's documentation advises; PostgreSQL: its defaults). An event is looked up by its id; a
new one takes the latest assignment of its promotion and customer that is eligible and free, under a row lock; the
promotion's counters move by UPDATE; the unique index settles races. That is the semantics of the plain case and no
more: no reversals, codes, breakdowns, or second look when an assignment comes late.

`python -m bench.textbook load URL FOLDER` makes the tables and loads promotions and assignments (not measured);
`python -m bench.textbook serve URL PORT` serves.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
import uvicorn
from fastapi import Depends, FastAPI
from pydantic import BaseModel, Field
from sqlalchemy import DateTime, Engine, ForeignKey, create_engine, event, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

_DATABASE = "BENCH_TEXTBOOK_DATABASE"


class Model(DeclarativeBase):
    """What all tables share: instants with their zone."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True)}


class Promotion(Model):
    """A promotion and its counters."""

    __tablename__ = "promotion"
    promotion_id: Mapped[str] = mapped_column(primary_key=True)
    redeemed: Mapped[int] = mapped_column(default=0)
    excess: Mapped[int] = mapped_column(default=0)
    unassigned: Mapped[int] = mapped_column(default=0)
    cost_cents: Mapped[int] = mapped_column(default=0)


class Customer(Model):
    """A customer some assignment has named."""

    __tablename__ = "customer"
    customer_id: Mapped[str] = mapped_column(primary_key=True)


class Assignment(Model):
    """One reward given to one customer."""

    __tablename__ = "assignment"
    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[str | None] = mapped_column(unique=True)
    promotion_id: Mapped[str] = mapped_column(ForeignKey("promotion.promotion_id"))
    customer_id: Mapped[str] = mapped_column(ForeignKey("customer.customer_id"), index=True)
    assigned_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    campaign_id: Mapped[str | None]
    tier_id: Mapped[str | None]
    segment: Mapped[str | None]
    channel: Mapped[str | None]
    redeemed: Mapped[bool] = mapped_column(default=False)


class Redemption(Model):
    """One event, with what became of it."""

    __tablename__ = "redemption"
    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(unique=True)
    promotion_id: Mapped[str] = mapped_column(index=True)
    customer_id: Mapped[str] = mapped_column(index=True)
    redeemed_at: Mapped[datetime]
    channel: Mapped[str | None]
    reward_cents: Mapped[int | None]
    currency: Mapped[str | None]
    order_id: Mapped[str | None]
    order_cents: Mapped[int | None]
    outcome: Mapped[str]
    assignment: Mapped[int | None] = mapped_column(ForeignKey("assignment.id"))


class RedemptionIn(BaseModel):
    """A redemption as a till reports it."""

    event_id: str = Field(min_length=1, max_length=255)
    promotion_id: str = Field(min_length=1, max_length=255)
    customer_id: str = Field(min_length=1, max_length=255)
    redeemed_at: datetime
    channel: str | None = None
    reward_value: Decimal | None = Field(default=None, ge=0)
    currency: str | None = None
    order_id: str | None = None
    order_value: Decimal | None = Field(default=None, ge=0)


class Receipt(BaseModel):
    """What became of one event."""

    event_id: str
    outcome: str
    assignment_id: str | None = None


class Receipts(BaseModel):
    """What became of several."""

    received: int
    outcomes: dict[str, int]


def record(session: Session, given: RedemptionIn) -> Receipt:
    """Takes one event in, in a transaction of its own."""
    try:
        receipt = _record(session, given)
        session.commit()
    except IntegrityError:  # somebody else brought the same event in the meantime
        session.rollback()
        return Receipt(event_id=given.event_id, outcome="duplicate")
    return receipt


def _record(session: Session, given: RedemptionIn) -> Receipt:
    known = session.scalar(select(Redemption).where(Redemption.event_id == given.event_id))
    if known is not None:
        return Receipt(event_id=given.event_id, outcome="duplicate")
    outcome, assignment = _matched(session, given)
    session.add(
        Redemption(
            **given.model_dump(exclude={"reward_value", "order_value"}),
            reward_cents=_cents(given.reward_value),
            order_cents=_cents(given.order_value),
            outcome=outcome,
            assignment=None if assignment is None else assignment.id,
        )
    )
    session.flush()
    if assignment is not None:
        assignment.redeemed = True
    _count(session, given, outcome)
    return Receipt(
        event_id=given.event_id,
        outcome=outcome,
        assignment_id=None if assignment is None else assignment.assignment_id,
    )


def _matched(session: Session, given: RedemptionIn) -> tuple[str, Assignment | None]:
    if session.get(Promotion, given.promotion_id) is None:
        return "pending", None
    if session.get(Customer, given.customer_id) is None:
        return "pending", None
    assignments = session.scalars(
        select(Assignment)
        .where(
            Assignment.promotion_id == given.promotion_id,
            Assignment.customer_id == given.customer_id,
            Assignment.assigned_at <= given.redeemed_at,
            (Assignment.expires_at.is_(None)) | (Assignment.expires_at > given.redeemed_at),
        )
        .order_by(Assignment.assigned_at.desc())
        .with_for_update()
    ).all()
    free = next((one for one in assignments if not one.redeemed), None)
    if free is not None:
        return "counted", free
    return ("excess" if assignments else "unassigned"), None


def _count(session: Session, given: RedemptionIn, outcome: str) -> None:
    columns = {
        "counted": Promotion.redeemed,
        "excess": Promotion.excess,
        "unassigned": Promotion.unassigned,
    }
    if outcome not in columns:
        return
    column = columns[outcome]
    session.execute(
        update(Promotion)
        .where(Promotion.promotion_id == given.promotion_id)
        .values(
            {
                column: column + 1,
                Promotion.cost_cents: Promotion.cost_cents + (_cents(given.reward_value) or 0),
            }
        )
        .execution_options(synchronize_session=False)
    )


def _cents(value: Decimal | None) -> int | None:
    return None if value is None else int(value * 100)


def engine_for(url: str) -> Engine:
    """The engine of a URL, SQLite set up as its documentation and SQLAlchemy's advise."""
    if not url.startswith("sqlite"):
        return create_engine(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=20)
    engine = create_engine(url, connect_args={"timeout": 60}, pool_size=20)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -131072")

    @event.listens_for(engine, "begin")
    def _begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def application() -> FastAPI:
    """The application over the database named in the environment."""
    engine = engine_for(os.environ[_DATABASE])
    app = FastAPI()

    def session_of_request() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    @app.post("/v1/redemptions")
    def report(
        given: RedemptionIn, session: Annotated[Session, Depends(session_of_request)]
    ) -> Receipt:
        return record(session, given)

    @app.post("/v1/redemptions/batch")
    def report_several(
        given: list[RedemptionIn], session: Annotated[Session, Depends(session_of_request)]
    ) -> Receipts:
        outcomes = Counter(record(session, one).outcome for one in given)
        return Receipts(received=len(given), outcomes=dict(outcomes))

    return app


def load(url: str, folder: Path) -> None:
    """Makes the tables and loads promotions, customers and assignments, quickly."""
    engine = engine_for(url)
    Model.metadata.create_all(engine)
    with engine.begin() as connection:
        for block in _blocks(folder / "promotions.ndjson"):
            rows = [{"promotion_id": one["promotion_id"]} for one in block]
            connection.execute(insert(Promotion), rows)
    known: set[str] = set()
    for block in _blocks(folder / "assignments.ndjson"):
        named = {one["customer_id"] for one in block} - known
        known |= named
        with engine.begin() as connection:
            if named:
                connection.execute(
                    insert(Customer), [{"customer_id": one} for one in sorted(named)]
                )
            connection.execute(insert(Assignment), [_assignment(one) for one in block])
    engine.dispose()


def _blocks(path: Path) -> Iterator[list[dict[str, Any]]]:
    with path.open("rb") as lines:
        while block := list(islice(lines, 10_000)):
            yield [msgspec.json.decode(line) for line in block]


def _assignment(one: dict[str, Any]) -> dict[str, Any]:
    plain = ("assignment_id", "promotion_id", "customer_id", "campaign_id", "tier_id", "segment")
    return {
        **{name: one.get(name) for name in (*plain, "channel")},
        "assigned_at": _instant(one["assigned_at"]),
        "expires_at": _instant(one["expires_at"]) if "expires_at" in one else None,
        "redeemed": False,
    }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def main() -> None:
    """`load URL FOLDER` or `serve URL PORT`."""
    verb, url, rest = sys.argv[1:]
    if verb == "load":
        load(url, Path(rest))
        return
    os.environ[_DATABASE] = url
    uvicorn.run(
        "bench.textbook:application",
        factory=True,
        port=int(rest),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
