"""What the contestants on FastAPI share: the rules of the interface, without a database."""

import os
import re
from collections import defaultdict, deque
from datetime import UTC, date, datetime
from functools import lru_cache

INTERFACE = "/xe.pay_through.complaint_record.xe.b_complaints.list/1.0.0"
PERMISSION = "投诉管理-查询"
LIMIT_CALLS, LIMIT_SECONDS = 500 * 1_000_000, 10
# The total of each filter is remembered until the shop's version moves, unless asked otherwise.
REMEMBERED = 0 if os.environ.get("WORK") == "naive" else 10_000

CALLER = """
    select t.client_id, a.allow_ips, s.version,
        coalesce((select group_concat(g.permission_set, ',') from grants g
                  where g.shop_id = :shop and g.client_id = t.client_id), '') as grants
    from tokens t
    join apps a on a.shop_id = :shop and a.client_id = t.client_id
    join shops s on s.shop_id = :shop
    where t.shop_id = :shop and t.token_hash = :hash and t.expires_at > :now and a.disabled_at is null"""


def refusal(code: int, msg: str) -> dict:
    return {"code": code, "data": None, "msg": msg}


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


def beijing(epoch: int) -> str:
    day, second = divmod(epoch + 8 * 3600, 86_400)
    return f"{date_of(day)} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


@lru_cache(None)
def date_of(day: int) -> str:
    return date.fromordinal(date(1970, 1, 1).toordinal() + day).isoformat()


def epoch(beijing: str) -> int:
    return int(datetime.fromisoformat(beijing).replace(tzinfo=UTC).timestamp()) - 8 * 3600


def masked(phone: str) -> str:
    head, tail = (3, 4) if len(phone) >= 11 else (len(phone) // 4, len(phone) // 3)
    end = len(phone) - tail
    return phone[:head] + re.sub(r"\d", "*", phone[head:end]) + phone[end:]
