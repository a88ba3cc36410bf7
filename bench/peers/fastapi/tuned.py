"""The list call on FastAPI and SQLAlchemy, with the work that tousu does for it: parse, token,
permission, rate limit, total and page of one snapshot, render. Beyond the page it knows the filters
by equality only, and it sends no RateLimit headers: both in its favour.

Tuned: a worker per core, uvloop and httptools, orjson both ways instead of models, Core instead of
the ORM, statements compiled once, the file mapped into memory, rows as tuples, dates kept per day, and
no thread per call, since a page takes less time than the change of threads.

    DATABASE=tousu.db [COUNT_ALWAYS=1] uvicorn tuned:app --workers 2
"""

import os
import re
import time
from collections import defaultdict, deque
from datetime import date
from functools import lru_cache
from hashlib import sha256

import orjson
from fastapi import FastAPI, Request, Response
from sqlalchemy import StaticPool, bindparam, column, create_engine, event, func, select, table, text

INTERFACE = "/xe.pay_through.complaint_record.xe.b_complaints.list/1.0.0"
LIMIT_CALLS, LIMIT_SECONDS = 500 * 1_000_000, 10
# The total of each filter is remembered until the shop's version moves, unless asked otherwise.
REMEMBERED = 0 if os.environ.get("COUNT_ALWAYS") else 10_000

CALLER = text("""
    select t.client_id, a.allow_ips, s.version,
        coalesce((select group_concat(g.permission_set, ',') from grants g
                  where g.shop_id = :shop and g.client_id = t.client_id), '') as grants
    from tokens t
    join apps a on a.shop_id = :shop and a.client_id = t.client_id
    join shops s on s.shop_id = :shop
    where t.shop_id = :shop and t.token_hash = :hash and t.expires_at > :now and a.disabled_at is null""")

COLUMNS = [
    column(name)
    for name in (
        "channel_type closed_at complainant_phone complaint_from complaint_id complaint_reason"
        " complaint_resource_id complaint_resource_type complaint_time complaint_type current_step"
        " closed_overtime operate_end_time operate_time state time_limit"
    ).split()
]
COMPLAINTS = table("complaints", column("shop_id"), *COLUMNS)

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
    if "投诉管理-查询" not in caller.grants.split(","):
        return refusal(2017, "应用没有该接口的权限集")
    if not admit((shop, caller.client_id), time.monotonic()):
        return refusal(2053, "接口调用次数达到上限")

    page, size = int(body.get("page") or 1), int(body.get("page_size") or 10)
    if page < 1 or not 1 <= size <= 1000:
        return refusal(3001, "参数错误")
    values = filter_of(body)
    count, page_of = statements(tuple(values))
    values["shop_id"] = shop
    total = remembered(tuple(values.items()), caller.version, lambda: connection.execute(count, values).scalar_one())
    found = connection.execute(page_of, {**values, "size": size, "offset": (page - 1) * size})
    rows = [rendered(row, now) for row in found]
    return {"code": 0, "data": {"list": rows, "total": total}, "msg": "操作成功"}


def refusal(code: int, msg: str) -> dict:
    return {"code": code, "data": None, "msg": msg}


def filter_of(body: dict) -> dict:
    values = {}
    if body.get("complaint_id"):
        values["complaint_id"] = str(body["complaint_id"])
    if int(body.get("channel_type") or 0):
        values["channel_type"] = int(body["channel_type"])
    if body.get("state") not in (None, ""):
        values["state"] = int(body["state"])
    return values


@lru_cache
def statements(filtered: tuple[str, ...]):
    c = COMPLAINTS.c
    where = [c[name] == bindparam(name) for name in ("shop_id", *filtered)]
    newest = select(*COLUMNS).where(*where).order_by(c.complaint_time.desc(), c.complaint_id.desc())
    page = newest.limit(bindparam("size")).offset(bindparam("offset"))
    return select(func.count()).select_from(COMPLAINTS).where(*where), page


totals: dict[tuple, tuple[int, int]] = {}


def remembered(key, version, count) -> int:
    known_version, total = totals.get(key, (None, 0))
    if known_version != version:
        total = count()
        if len(totals) < REMEMBERED:
            totals[key] = version, total
    return total


# Exact: the moments of each caller's calls in the last ten seconds, oldest first.
windows: defaultdict[tuple, deque[float]] = defaultdict(deque)


def admit(caller, now: float) -> bool:
    moments = windows[caller]
    while moments and moments[0] <= now - LIMIT_SECONDS:
        moments.popleft()
    if len(moments) >= LIMIT_CALLS:
        return False
    moments.append(now)
    return True


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


def beijing(epoch: int) -> str:
    day, second = divmod(epoch + 8 * 3600, 86_400)
    return f"{date_of(day)} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


@lru_cache(None)
def date_of(day: int) -> str:
    return date.fromordinal(date(1970, 1, 1).toordinal() + day).isoformat()


def masked(phone: str) -> str:
    head, tail = (3, 4) if len(phone) >= 11 else (len(phone) // 4, len(phone) // 3)
    end = len(phone) - tail
    return phone[:head] + re.sub(r"\d", "*", phone[head:end]) + phone[end:]
