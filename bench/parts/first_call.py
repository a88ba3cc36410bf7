"""The first calls after a start, when no shop is in memory yet."""

import statistics
from concurrent.futures import ThreadPoolExecutor, wait

from measure import Caller, Run, line
from processes import serving
from subject import BACKENDS, FAR, Database, beijing, settings, tousu_serve

STARTS = 3


def measure(run: Run) -> list[str]:
    lines = []
    for backend in BACKENDS:
        medium, large = run.databases.of(backend, run.medium), run.databases.of(backend, run.large)
        first = statistics.median(first_page(medium) for _ in range(STARTS))
        last, slowest = zip(*(last_page(large) for _ in range(STARTS)), strict=True)
        start = f"first call after a start, {backend}"
        lines += [
            line(f"{start}: first page of {run.medium:,}", first, "{:.3f} s", "<", 1),
            line(f"{start}: last page of {run.large:,}", statistics.median(last), "{:.3f} s", "<", 6),
            line(f"{start}: slowest call to a small shop meanwhile", max(slowest), "{:.3f} s"),
        ]
    return lines


def first_page(database: Database) -> float:
    with serving(tousu_serve, settings(database.url)) as server:
        return Caller(server).call(database.token)


def last_page(database: Database) -> tuple[float, float]:
    """Seconds of the last page, and of the slowest call to the small shop until it is there."""
    with serving(tousu_serve, settings(database.url)) as server, ThreadPoolExecutor() as threads:
        large, small = Caller(server), Caller(server)
        last = threads.submit(large.call, database.token, page=database.complaints // 10)
        meanwhile: list[float] = []
        while not (last.done() and meanwhile):
            # Of each second another, so that no answer is remembered.
            meanwhile.append(small.call(database.small_token, end_time=beijing(FAR + len(meanwhile))))
            wait([last], timeout=0.005)
    return last.result(), max(meanwhile)
