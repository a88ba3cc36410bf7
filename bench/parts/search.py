"""Search: the first page of any filter with an index behind it, and of a text, against the list's first page."""

import contextlib
import http.client
import json
import sqlite3
import statistics
import time

from measure import Caller, Run, line
from processes import Server, output, say
from subject import BACKENDS, FAR, SHOP, Database, beijing, in_memory, tousu

INTERFACE = "/tousu.complaint.search/1.0.0"
TARGET = 10
# Complaints that somebody handles, and that complain of something rare.
HANDLED = 200
RARE = "收到时漏水，包装也破了"


def measure(run: Run) -> list[str]:
    lines = []
    for backend in BACKENDS:
        database = run.databases.of(backend, run.medium)
        token = handling_token(database.url)
        with in_memory(database) as server:
            changed_at = handle(server, token)
            started = time.monotonic()
            until_followed(database)
            say(f"{backend}: the index of words followed in {time.monotonic() - started:.0f} s more")
            listed, found = latencies(run, server, token, questions(server, token, run.databases.until, changed_at))
        say(f"{backend}, list, first page: {listed * 1e6:.0f} µs")
        for name, seconds in found.items():
            say(f"{backend}, {name}: {seconds * 1e6:.0f} µs, {seconds / listed:.1f}×")
        worst = max(found, key=found.get)
        what = f"search, {backend}, {run.medium:,} complaints: worst of {len(found)} first pages ({worst}) : list's first page"
        lines.append(line(what, found[worst] / listed, "{:.2f}×", "≤", TARGET))
        text = max(found["text, common"], found["text, rare"], found["text, two characters"])
        lines.append(line(f"search, {backend}: text : list's first page", text / listed, "{:.2f}×", "≤", TARGET))
    return lines


def handling_token(url: str) -> str:
    grants = "--grant=投诉管理-查询", "--grant=投诉管理-处理"
    client_id = tousu(url, "app", "add", "--shop", SHOP, "--name", "search", *grants)["client_id"]
    return tousu(url, "token", "--shop", SHOP, "--client-id", client_id)["access_token"]


def ask(server: Server, token: str, interface: str, **parameters) -> dict:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    body = json.dumps({"access_token": token, **parameters})
    connection.request("POST", interface, body.encode(), {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    assert answer["code"] == 0, answer
    return answer["data"]


def handle(server: Server, token: str) -> int:
    """Creates, assigns and tags some complaints; the moment before."""
    now = int(time.time())
    for at in range(HANDLED):
        # All over the year, so that they are not on the first page anyway.
        when = beijing(now - (at + 1) * 86400)
        created = ask(server, token, "/tousu.complaint.create/1.0.0", complaint_reason=RARE, complaint_time=when)
        complaint_id = created["complaint"]["complaint_id"]
        ask(server, token, "/tousu.complaint.assign/1.0.0", complaint_id=complaint_id, assignee="小李")
        ask(server, token, "/tousu.complaint.tag/1.0.0", complaint_id=complaint_id, add=["急"])
    return now


def until_followed(database: Database):
    question = f"select count(*) from shops where shop_id = '{SHOP}' and text_number = last_number and text_version >= version - 1000"
    patience = time.monotonic() + 3600
    while value(database, question) != 1:
        assert time.monotonic() < patience
        time.sleep(1)


def value(database: Database, question: str) -> int:
    if not database.url.startswith("sqlite:"):
        return int(output(["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--command", question, database.url]))
    with contextlib.closing(sqlite3.connect(f"file:{database.address}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchone()[0]


def questions(server: Server, token: str, until: int, changed_at: int) -> dict:
    """The parameters of each search. What is looked for in vain is told apart by `expect_rows`."""
    some = ask(server, token, INTERFACE, state=[2], complaint_from=[201])["list"][0]
    return {
        "no filter": {},
        "text, common": {"text": "退款"},
        "text, rare": {"text": "时漏水，包"},
        "text, two characters": {"text": "漏水"},
        "text, in vain": {"text": "查无此事", "expect_rows": False},
        "order": {"complaint_resource_id": some["complaint_resource_id"]},
        "phone tail": {"phone_tail": "0815"},
        "assignee": {"assignee": ["小李"]},
        "tag": {"tag": ["急", "不急"]},
        "source": {"complaint_from": [207, 206]},
        "step": {"current_step": [4]},
        "channel": {"channel_type": [4]},
        "state": {"state": [0, 1]},
        "overtime": {"is_overtime": 2},
        "time range": {"start_time": beijing(until - 200 * 86400), "end_time": beijing(until - 100 * 86400)},
        "due": {"due_after": beijing(until), "due_before": beijing(until + 86400)},
        "due, by deadline": {"due_after": beijing(until), "sort": "deadline"},
        "changed": {"changed_since": beijing(changed_at)},
        "by last change": {"sort": "changed"},
        "text and state, by deadline": {"text": "退款", "state": [0], "sort": "deadline"},
    }


def latencies(run: Run, server: Server, token: str, asked: dict) -> tuple[float, dict[str, float]]:
    """Median seconds of the list's first page and of each search, asked by turns on one connection."""
    caller = Caller(server)
    listed: list[float] = []
    found: dict[str, list[float]] = {name: [] for name in asked}
    warm_up = 20
    for turn in range(run.calls + warm_up):
        # No two alike, so that no answer is remembered.
        listed.append(caller.call(token, end_time=beijing(FAR + turn)))
        for name, parameters in asked.items():
            found[name].append(caller.call(token, interface=INTERFACE, **parameters))
    median = lambda each: statistics.median(each[warm_up:])
    return median(listed), {name: median(each) for name, each in found.items()}
