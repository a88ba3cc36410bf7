"""The mapped class, the models of request and answer, and the query that leads from one to the other."""

from pydantic import BaseModel
from sqlalchemy import BigInteger, Select, and_, func, or_, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common import beijing, epoch, masked


class Base(DeclarativeBase):
    type_annotation_map = {int: BigInteger}


class Complaint(Base):
    __tablename__ = "complaints"

    shop_id: Mapped[str] = mapped_column(primary_key=True)
    complaint_id: Mapped[str] = mapped_column(primary_key=True)
    channel_type: Mapped[int]
    closed_at: Mapped[int | None]
    complainant_phone: Mapped[str]
    complaint_from: Mapped[int]
    complaint_reason: Mapped[str]
    complaint_resource_id: Mapped[str]
    complaint_resource_type: Mapped[int]
    complaint_time: Mapped[int]
    complaint_type: Mapped[int]
    current_step: Mapped[int]
    closed_overtime: Mapped[int | None]
    operate_end_time: Mapped[int]
    operate_time: Mapped[int]
    state: Mapped[int]
    time_limit: Mapped[int]


class ListRequest(BaseModel):
    access_token: str | None = None
    page: int = 1
    page_size: int = 10
    complaint_id: str | None = None
    channel_type: int = 0
    is_overtime: int = 0
    state: int | str | None = None
    start_time: str | None = None
    end_time: str | None = None


class Row(BaseModel):
    channel_type: int
    closed_at: str
    complainant_phone: str
    complaint_from: int
    complaint_id: str
    complaint_reason: str
    complaint_resource_id: str
    complaint_resource_type: int
    complaint_time: str
    complaint_type: int
    current_step: int
    is_overtime: int
    operate_end_time: str
    operate_time: str
    state: int
    time_limit: int


class Page(BaseModel):
    list: list[Row]
    total: int


class Answer(BaseModel):
    code: int
    data: Page | None
    msg: str


def conditions(request: ListRequest, shop: str, now: int) -> list:
    where = [Complaint.shop_id == shop]
    if request.complaint_id:
        where.append(Complaint.complaint_id == request.complaint_id)
    if request.channel_type:
        where.append(Complaint.channel_type == request.channel_type)
    if request.state not in (None, ""):
        where.append(Complaint.state == int(request.state))
    if request.start_time:
        where.append(Complaint.complaint_time >= epoch(request.start_time))
    if request.end_time:
        where.append(Complaint.complaint_time <= epoch(request.end_time))
    if request.is_overtime:
        deadline = Complaint.operate_end_time
        behind = deadline < now if request.is_overtime == 2 else deadline >= now
        closed = and_(Complaint.state == 2, Complaint.closed_overtime == request.is_overtime)
        where.append(or_(closed, and_(Complaint.state != 2, behind)))
    return where


def count(where: list) -> Select:
    return select(func.count()).select_from(Complaint).where(*where)


def page(where: list, request: ListRequest) -> Select:
    newest = select(Complaint).where(*where)
    newest = newest.order_by(Complaint.complaint_time.desc(), Complaint.complaint_id.desc())
    return newest.limit(request.page_size).offset((request.page - 1) * request.page_size)


def rendered(row: Complaint, now: int) -> Row:
    return Row(
        channel_type=row.channel_type,
        closed_at="1970-01-02 00:00:00" if row.closed_at is None else beijing(row.closed_at),
        complainant_phone=masked(row.complainant_phone),
        complaint_from=row.complaint_from,
        complaint_id=row.complaint_id,
        complaint_reason=row.complaint_reason,
        complaint_resource_id=row.complaint_resource_id,
        complaint_resource_type=row.complaint_resource_type,
        complaint_time=beijing(row.complaint_time),
        complaint_type=row.complaint_type,
        current_step=row.current_step,
        is_overtime=row.closed_overtime if row.state == 2 else 2 if now > row.operate_end_time else 1,
        operate_end_time=beijing(row.operate_end_time),
        operate_time=beijing(row.operate_time),
        state=row.state,
        time_limit=row.time_limit,
    )
