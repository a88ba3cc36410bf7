"""Constant cost: any page of any filter of a large shop against the first page of a small one."""

import itertools
import statistics
from datetime import datetime

from measure import Caller, Run, line
from processes import Server, say
from subject import BACKENDS, FAR, SHOP, Database, beijing, in_memory, page

TARGETS = {"SQLite": 1.5, "PostgreSQL": 2}


def measure(run: Run) -> list[str]:
    lines = []
    for backend, (complaints, skew) in itertools.product(BACKENDS, ((run.large, "even"), (run.medium, "campaign"))):
        database = run.databases.of(backend, complaints, skew)
        with in_memory(database) as server:
            asked = questions(server, database.token)
            small, large = latencies(run, server, database, asked)
        worst = max(large, key=large.get)
        for name, seconds in {"small shop": small, **large}.items():
            say(f"{backend}, {complaints:,} complaints ({skew}), {name}: {seconds * 1e6:.0f} µs")
        shop = f"{backend}, {complaints:,} complaints ({skew})"
        small_page = f"first page of {run.databases.small:,}"
        what = f"constant cost, {shop}: worst of {len(large)} pages ({worst}) : {small_page}"
        lines.append(line(what, large[worst] / small, "{:.2f}×", "≤", TARGETS[backend]))
        naive = statistics.median(database.milliseconds(statements(complaints)) for _ in range(3))
        what = f"constant cost, {shop}: COUNT and OFFSET for the middle page : tousu"
        lines.append(line(what, naive / 1000 / large["no filter, middle"], "{:.0f}×"))
    return lines


def questions(server: Server, token: str) -> dict:
    """Of each filter and place: the parameters of a call, which differ with the turn, so that nothing is remembered."""
    total = page(server, token)["total"]
    # From a quarter of the complaints to three: the busy day of a campaign is cut on both sides.
    end, start = (moment(page(server, token, page=total // 10 * part // 4)) for part in (1, 3))
    filters = {
        "no filter": {},
        "state": {"state": 2},
        "channel": {"channel_type": 1},
        "overtime": {"is_overtime": 2},
        "time range": {"start_time": beijing(start), "end_time": beijing(end)},
    }
    asked = {}
    for name, filter in filters.items():
        pages = (page(server, token, **filter)["total"] + 9) // 10
        for place, at, step in (("first", 1, 0), ("middle", pages // 2, 1), ("last", pages, -1)):
            asked[f"{name}, {place}"] = question(filter, at, step, start, end)
    return asked


def question(filter: dict, at: int, step: int, start: int, end: int):
    if "start_time" in filter:
        # Wider by a second each turn: a few complaints more, on a page a little further.
        return lambda turn: {
            "start_time": beijing(start - turn), "end_time": beijing(end + turn), "page": at + step * turn
        }  # fmt: skip
    if step == 0:
        return lambda turn: {**filter, "end_time": beijing(FAR + turn)}
    return lambda turn: {**filter, "page": max(at + step * turn, 1)}


def latencies(run: Run, server: Server, database: Database, asked: dict) -> tuple[float, dict[str, float]]:
    """Median seconds of the small shop's first page, and of each question, asked by turns on one connection."""
    caller = Caller(server)
    small: list[float] = []
    large: dict[str, list[float]] = {name: [] for name in asked}
    warm_up = 20
    for turn in range(run.calls + warm_up):
        small.append(caller.call(database.small_token, end_time=beijing(FAR + turn)))
        for name, parameters in asked.items():
            large[name].append(caller.call(database.token, **parameters(turn)))
    median = lambda each: statistics.median(each[warm_up:])
    return median(small), {name: median(each) for name, each in large.items()}


def statements(complaints: int) -> list[str]:
    """The answer as it is usually found."""
    return [
        f"select count(*) from complaints where shop_id = '{SHOP}'",
        f"select * from complaints where shop_id = '{SHOP}'"
        f" order by complaint_time desc, complaint_id desc limit 10 offset {complaints // 2}",
    ]


def moment(found: dict) -> int:
    return int(datetime.fromisoformat(f"{found['list'][0]['complaint_time']}+08:00").timestamp())
