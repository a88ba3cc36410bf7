"""Calls for the same few pages, while the shop changes 50 times a second."""

import contextlib
import itertools
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from measure import Run, fixed_bytes, line
from processes import KEPT, say, serving
from subject import BACKENDS, SHOP, TOUSU, Database, ask, in_memory, page, settings

PAGES, WRITES_PER_SECOND = 5, 50
TARGETS = {"SQLite": 75, "PostgreSQL": None}


def measure(run: Run) -> list[str]:
    lines = []
    for backend in BACKENDS:
        database = run.databases.of(backend, run.medium)
        with in_memory(database) as server, serving(fixed_bytes(ask(server, database.token), run.work)) as fixed:
            rows = page(server, database.token, state=0, page_size=100)["list"]
            with writing(database, rows):
                rate = run.in_turns({"tousu": server, "fixed bytes": fixed}, token=database.token, pages=PAGES)
        what = f"polls during {WRITES_PER_SECOND} writes/s, {backend}, tousu : fixed bytes"
        lines.append(line(what, 100 * rate["tousu"] / rate["fixed bytes"], "{:.0f} %", "≥", TARGETS[backend]))
    return lines


@contextlib.contextmanager
def writing(database: Database, rows: list[dict]) -> Iterator[None]:
    """Open complaints taken up and given back, one after the other, each in a transaction of its own."""
    done = threading.Event()
    command = [TOUSU, "import", "--shop", SHOP, "--format", "json", "--batch", "1", "--json", "-"]
    environment = {**os.environ, **settings(database.url)}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    importing = subprocess.Popen(command, env=environment, cwd=KEPT, **pipes)
    with importing, ThreadPoolExecutor() as threads:

        def feed():
            for state in itertools.cycle((1, 0)):
                for row in rows:
                    if done.wait(1 / WRITES_PER_SECOND):
                        return
                    changed = {**row, "state": state, "current_step": 1 + state}
                    importing.stdin.write(json.dumps(changed).encode() + b"\n")
                    importing.stdin.flush()

        feeding = threads.submit(feed)
        try:
            yield
        finally:
            done.set()
            feeding.result()
            printed, errors = importing.communicate()
    report = json.loads(printed)
    say(f"written meanwhile: {report}")
    assert importing.returncode == 0 and report["changed"] == report["read"], errors
