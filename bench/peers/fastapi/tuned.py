"""The list call on FastAPI and SQLAlchemy, with the work that tousu does for it: parse, token,
permission, rate limit, total and page of one snapshot, render. It sends no RateLimit headers, in its favour.

Tuned: a worker per core, uvloop and httptools, orjson both ways instead of models, Core instead of
the ORM, statements compiled once, the file mapped into memory, rows as tuples, dates kept per day, and
no thread per call, since a page takes less time than the change of threads.

    DATABASE=tousu.db [WORK=naive] uvicorn tuned:app --workers 2
"""

import os
import time
from functools import lru_cache
from hashlib import sha256

import orjson
from fastapi import FastAPI, Request, Response
from sqlalchemy import StaticPool, and_, bindparam, column, create_engine, event, func, or_, select, table, text

import common
from common import INTERFACE, PERMISSION, admit, beijing, epoch, masked, refusal, remembered

CALLER = text(common.CALLER)

COLUMNS = [
    column(name)
    for name in (
        "channel_type closed_at complainant_phone complaint_from complaint_id complaint_reason"
        " complaint_resource_id complaint_resource_type complaint_time complaint_type current_step"
        " closed_overtime operate_end_time operate_time state time_limit"
    ).split()
]
COMPLAINTS = table("complaints", column("shop_id"), *COLUMNS)


def by_overtime(fact: int, open_ones):
    c = COMPLAINTS.c
    return or_(and_(c.state == 2, c.closed_overtime == fact), and_(c.state != 2, open_ones))


# Each binds the parameter of its name; for those of overtime, that is now.
CONDITIONS = {
    **{name: COMPLAINTS.c[name] == bindparam(name) for name in ("shop_id", "complaint_id", "channel_type", "state")},
    "start_time": COMPLAINTS.c.complaint_time >= bindparam("start_time"),
    "end_time": COMPLAINTS.c.complaint_time <= bindparam("end_time"),
    "in_time": by_overtime(1, COMPLAINTS.c.operate_end_time >= bindparam("in_time")),
    "late": by_overtime(2, COMPLAINTS.c.operate_end_time < bindparam("late")),
}

# One connection a worker: the event loop uses it for one call at a time.
engine = create_engine(f"sqlite:///{os.environ['DATABASE']}", poolclass=StaticPool)
app = FastAPI()


@event.listens_for(engine, "connect")
def tune(connection, _record):
    connection.execute("pragma mmap_size = 1073741824")
    connection.execute("pragma cache_size = -4000")
    # Reads then begin a transaction too, so that total and page are of one snapshot.
    connection.isolation_level = None


@event.listens_for(engine, "begin")
def begin(connection):
    connection.exec_driver_sql("begin")


@app.post(INTERFACE)
async def list_complaints(request: Request) -> Response:
    body = orjson.loads(await request.body())
    with engine.connect() as connection:
        answer = answer_to(connection, body)
    return Response(orjson.dumps(answer), media_type="application/json")


def answer_to(connection, body: dict) -> dict:
    token = body.get("access_token")
    if not token:
        return refusal(2007, "缺少 access_token 参数")
    now = int(time.time())
    shop = token.removeprefix("xe_").rpartition("_")[0]
    hashed = sha256(token.encode()).hexdigest()
    caller = connection.execute(CALLER, {"shop": shop, "hash": hashed, "now": now}).first()
    if caller is None:
        return refusal(2008, "access_token 已过期或不存在")
    if PERMISSION not in caller.grants.split(","):
        return refusal(2017, "应用没有该接口的权限集")
    if not admit((shop, caller.client_id), time.monotonic()):
        return refusal(2053, "接口调用次数达到上限")

    page, size = int(body.get("page") or 1), int(body.get("page_size") or 10)
    if page < 1 or not 1 <= size <= 1000:
        return refusal(3001, "参数错误")
    values = {"shop_id": shop, **filter_of(body, now)}
    count, page_of = statements(tuple(values))
    counted = lambda: connection.execute(count, values).scalar_one()  # noqa: E731
    # What is overtime changes with the clock.
    by_clock = "late" in values or "in_time" in values
    total = counted() if by_clock else remembered(tuple(values.items()), caller.version, counted)
    found = connection.execute(page_of, {**values, "size": size, "offset": (page - 1) * size})
    rows = [rendered(row, now) for row in found]
    return {"code": 0, "data": {"list": rows, "total": total}, "msg": "操作成功"}


def filter_of(body: dict, now: int) -> dict:
    values = {}
    if body.get("complaint_id"):
        values["complaint_id"] = str(body["complaint_id"])
    if int(body.get("channel_type") or 0):
        values["channel_type"] = int(body["channel_type"])
    if body.get("state") not in (None, ""):
        values["state"] = int(body["state"])
    if int(body.get("is_overtime") or 0):
        values["late" if int(body["is_overtime"]) == 2 else "in_time"] = now
    for name in ("start_time", "end_time"):
        if body.get(name):
            values[name] = epoch(body[name])
    return values


@lru_cache
def statements(conditions: tuple[str, ...]):
    c = COMPLAINTS.c
    where = [CONDITIONS[name] for name in conditions]
    newest = select(*COLUMNS).where(*where).order_by(c.complaint_time.desc(), c.complaint_id.desc())
    page = newest.limit(bindparam("size")).offset(bindparam("offset"))
    return select(func.count()).select_from(COMPLAINTS).where(*where), page


def rendered(row, now: int) -> dict:
    (
        channel_type, closed_at, complainant_phone, complaint_from, complaint_id, complaint_reason,
        complaint_resource_id, complaint_resource_type, complaint_time, complaint_type, current_step,
        closed_overtime, operate_end_time, operate_time, state, time_limit,
    ) = row  # fmt: skip
    return {
        "channel_type": channel_type,
        "closed_at": "1970-01-02 00:00:00" if closed_at is None else beijing(closed_at),
        "complainant_phone": masked(complainant_phone),
        "complaint_from": complaint_from,
        "complaint_id": complaint_id,
        "complaint_reason": complaint_reason,
        "complaint_resource_id": complaint_resource_id,
        "complaint_resource_type": complaint_resource_type,
        "complaint_time": beijing(complaint_time),
        "complaint_type": complaint_type,
        "current_step": current_step,
        "is_overtime": closed_overtime if state == 2 else 2 if now > operate_end_time else 1,
        "operate_end_time": beijing(operate_end_time),
        "operate_time": beijing(operate_time),
        "state": state,
        "time_limit": time_limit,
    }
