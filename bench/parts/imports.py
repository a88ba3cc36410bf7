"""The import, while a server that has the shop in memory is asked for it, against the bare inserts."""

import contextlib
import itertools
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from measure import Caller, Run, line
from processes import BUILT, Server, output, say, serving
from subject import BACKENDS, FAR, SHOP, beijing, new_shop, page, settings, take_in, tousu_serve, write_rows

YARDSTICK = {"SQLite": "bare_inserts", "PostgreSQL": "bare_copy"}


def measure(run: Run) -> list[str]:
    lines = []
    for backend in BACKENDS:
        rate = rates(run, backend, ["bare", "polled"])
        say(f"{backend}: import beside a server {rate['polled']:.0f} rows/s, bare {rate['bare']:.0f} rows/s")
        what = f"import of {run.imported:,} rows while a server follows, {backend}, tousu : {YARDSTICK[backend]}"
        lines.append(line(what, 100 * rate["polled"] / rate["bare"], "{:.0f} %", "≥", 50))
    return lines


def rates(run: Run, backend: str, contestants: list[str]) -> dict[str, float]:
    """Rows per second into a database that is empty, of the yardstick (bare) and of tousu's import, alone or with
    a server that is polled meanwhile: the median of rounds in turns."""
    export = write_rows(run.work, run.imported, run.databases.until)
    measured: dict[str, list[float]] = {name: [] for name in contestants}
    for _, name in itertools.product(range(run.imports), contestants):
        url = run.databases.new(backend)
        token = new_shop(url)
        if name == "bare":
            rate = float(output([BUILT / "examples" / YARDSTICK[backend], url.removeprefix("sqlite:"), export]))
        else:
            with polled(url, token, run.imported) if name == "polled" else contextlib.nullcontext():
                started = time.monotonic()
                take_in(url, export, run.imported, SHOP)
                rate = run.imported / (time.monotonic() - started)
        measured[name].append(rate)
        run.databases.drop(url)
    return {name: statistics.median(each) for name, each in measured.items()}


@contextlib.contextmanager
def polled(url: str, token: str, complaints: int) -> Iterator[Server]:
    """A server whose index of the shop follows every batch: it is asked twenty times a second."""
    done = threading.Event()

    def poll(server: Server):
        caller = Caller(server)
        for second in itertools.count():
            if done.wait(0.05):
                return
            # Of each second another, so that no answer is remembered.
            caller.call(token, end_time=beijing(FAR + second), expect_rows=False)

    with serving(tousu_serve, settings(url)) as server, ThreadPoolExecutor() as threads:
        assert page(server, token)["total"] == 0
        polling = threads.submit(poll, server)
        try:
            yield server
        finally:
            done.set()
            polling.result()
        assert page(server, token)["total"] == complaints
