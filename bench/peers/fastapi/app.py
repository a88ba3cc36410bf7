"""The list call on FastAPI and SQLAlchemy as their documentation has it: models for request and answer, a
mapped class, a session per call, a plain `def` in the thread pool. It gives the same answers as tousu
from the same SQL, and remembers totals likewise; `tuned.py` shows what is left when all of that is given up.

    DATABASE=tousu.db uvicorn app:app --workers 2
"""

import os
import time
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tuned import CALLER, INTERFACE, admit, beijing, masked, refusal, remembered

engine = create_engine(f"sqlite:///{os.environ['DATABASE']}", connect_args={"check_same_thread": False})
app = FastAPI()


class Base(DeclarativeBase):
    pass


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
    state: int | str | None = None


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


def session():
    with Session(engine) as session:
        yield session


@app.post(INTERFACE)
def list_complaints(request: ListRequest, session: Annotated[Session, Depends(session)]) -> Answer:
    if not request.access_token:
        return Answer(**refusal(2007, "缺少 access_token 参数"))
    now = int(time.time())
    shop = request.access_token.removeprefix("xe_").rpartition("_")[0]
    hashed = sha256(request.access_token.encode()).hexdigest()
    caller = session.execute(CALLER, {"shop": shop, "hash": hashed, "now": now}).first()
    if caller is None:
        return Answer(**refusal(2008, "access_token 已过期或不存在"))
    if "投诉管理-查询" not in caller.grants.split(","):
        return Answer(**refusal(2017, "应用没有该接口的权限集"))
    if not admit((shop, caller.client_id), time.monotonic()):
        return Answer(**refusal(2053, "接口调用次数达到上限"))
    if request.page < 1 or not 1 <= request.page_size <= 1000:
        return Answer(**refusal(3001, "参数错误"))

    where = {"shop_id": shop}
    if request.complaint_id:
        where["complaint_id"] = request.complaint_id
    if request.channel_type:
        where["channel_type"] = request.channel_type
    if request.state not in (None, ""):
        where["state"] = int(request.state)
    count = select(func.count()).select_from(Complaint).filter_by(**where)
    total = remembered(tuple(where.items()), caller.version, lambda: session.scalar(count))
    newest = select(Complaint).filter_by(**where)
    newest = newest.order_by(Complaint.complaint_time.desc(), Complaint.complaint_id.desc())
    page = newest.limit(request.page_size).offset((request.page - 1) * request.page_size)
    rows = [rendered(complaint, now) for complaint in session.scalars(page)]
    return Answer(code=0, data=Page(list=rows, total=total), msg="操作成功")


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
