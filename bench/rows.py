"""Complaints made up for the bench: rows of the list API, newest first, as an export gives them.

The same count and moment always give the same rows.
"""

import random
import time
from collections.abc import Iterator

DAY = 86_400
BEIJING = 8 * 3600
NO_DATE = "1970-01-02 00:00:00"
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# channel_type → the complaint_from codes that go with it
SOURCES = {1: range(101, 108), 2: range(203, 210), 3: [201], 4: [202]}
REASONS = [
    "要退款",
    "课程与宣传不符，要求全额退款",
    "直播回放无法观看，联系客服三天没有回复",
    "重复扣款，请核实后退回其中一笔",
    "购买后一直没有发货",
    "讲师更换未提前通知，不愿继续学习",
    "承诺的一对一辅导没有兑现",
    "误操作购买，尚未观看，申请退款",
]


def rows(count: int, until: int) -> Iterator[dict]:
    """`count` rows spread over the 90 days before `until` (epoch seconds)."""
    chance = random.Random(2024)
    step = 90 * DAY / count
    for place in range(count):
        opened = int(until - (place + chance.random()) * step)
        deadline = opened + 72 * 3600
        # Most complaints are closed within the three days of their deadline; a few stay open for long.
        closed = opened + int(chance.expovariate(1 / (1.2 * DAY)))
        if closed < until and chance.random() < 0.98:
            state, step_taken, late = 2, 5 if chance.random() < 0.2 else 2, closed > deadline
        else:
            state = chance.randrange(2)
            closed, step_taken, late = None, 1 + state, until > deadline
        channel = chance.choice((1, 1, 1, 2, 3, 3, 4))
        yield {
            "channel_type": channel,
            "closed_at": beijing(closed) if closed else NO_DATE,
            "complainant_phone": f"1{chance.randrange(30, 100)}****{chance.randrange(10_000):04}",
            "complaint_from": chance.choice(SOURCES[channel]),
            "complaint_id": f"c_{opened:08x}{chance.randrange(1 << 20):05x}_{''.join(chance.choices(LETTERS, k=8))}",
            "complaint_reason": chance.choice(REASONS),
            "complaint_resource_id": f"o_{opened - 600}_{chance.randrange(1 << 52):013x}_{chance.randrange(10**6):06}V2",
            "complaint_resource_type": 0,
            "complaint_time": beijing(opened),
            "complaint_type": 3 if channel == 2 else 1,
            "current_step": step_taken,
            "is_overtime": 2 if late else 1,
            "operate_end_time": beijing(deadline),
            "operate_time": beijing(opened),
            "state": state,
            "time_limit": 72,
        }


def beijing(epoch: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(epoch + BEIJING))
