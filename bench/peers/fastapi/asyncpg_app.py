"""The list call on FastAPI, SQLAlchemy and asyncpg as their documentation has it, on PostgreSQL: the models of
`app.py`, an async engine with its pool, a session per call. It counts, and steps over the rows before the page,
each time.

    DATABASE=postgres://user@host/database uvicorn asyncpg_app:app --workers 2
"""

import os
import time
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

import common
from common import INTERFACE, PERMISSION, admit, refusal
from models import Answer, ListRequest, Page, conditions, count, page, rendered

url = make_url(os.environ["DATABASE"]).set(drivername="postgresql+asyncpg")
# Total and page are of one snapshot.
engine = create_async_engine(url, isolation_level="REPEATABLE READ")
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()
CALLER = text(common.CALLER.replace("group_concat", "string_agg"))


async def session():
    async with sessions() as session:
        yield session


@app.post(INTERFACE)
async def list_complaints(request: ListRequest, session: Annotated[AsyncSession, Depends(session)]) -> Answer:
    if not request.access_token:
        return Answer(**refusal(2007, "缺少 access_token 参数"))
    now = int(time.time())
    shop = request.access_token.removeprefix("xe_").rpartition("_")[0]
    hashed = sha256(request.access_token.encode()).hexdigest()
    caller = (await session.execute(CALLER, {"shop": shop, "hash": hashed, "now": now})).first()
    if caller is None:
        return Answer(**refusal(2008, "access_token 已过期或不存在"))
    if PERMISSION not in caller.grants.split(","):
        return Answer(**refusal(2017, "应用没有该接口的权限集"))
    if not admit((shop, caller.client_id), time.monotonic()):
        return Answer(**refusal(2053, "接口调用次数达到上限"))
    if request.page < 1 or not 1 <= request.page_size <= 1000:
        return Answer(**refusal(3001, "参数错误"))

    where = conditions(request, shop, now)
    total = await session.scalar(count(where))
    rows = [rendered(complaint, now) for complaint in await session.scalars(page(where, request))]
    return Answer(code=0, data=Page(list=rows, total=total), msg="操作成功")
