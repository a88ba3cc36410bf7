"""The list call on FastAPI and SQLAlchemy as their documentation has it: models for request and answer, a
mapped class, a session per call, a plain `def` in the thread pool. It gives the same answers as tousu
from the same SQL, and remembers totals likewise, unless told not to; `tuned.py` shows what is left when all of
that is given up.

    DATABASE=tousu.db [WORK=naive] uvicorn app:app --workers 2
"""

import os
import time
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

import common
from common import INTERFACE, PERMISSION, admit, refusal, remembered
from models import Answer, ListRequest, Page, conditions, count, page, rendered

engine = create_engine(f"sqlite:///{os.environ['DATABASE']}", connect_args={"check_same_thread": False})
app = FastAPI()
CALLER = text(common.CALLER)


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
    if PERMISSION not in caller.grants.split(","):
        return Answer(**refusal(2017, "应用没有该接口的权限集"))
    if not admit((shop, caller.client_id), time.monotonic()):
        return Answer(**refusal(2053, "接口调用次数达到上限"))
    if request.page < 1 or not 1 <= request.page_size <= 1000:
        return Answer(**refusal(3001, "参数错误"))

    where = conditions(request, shop, now)
    counted = lambda: session.scalar(count(where))  # noqa: E731
    key = shop, *request.model_dump(exclude={"access_token", "page", "page_size"}).values()
    # What is overtime changes with the clock.
    total = counted() if request.is_overtime else remembered(key, caller.version, counted)
    rows = [rendered(complaint, now) for complaint in session.scalars(page(where, request))]
    return Answer(code=0, data=Page(list=rows, total=total), msg="操作成功")
