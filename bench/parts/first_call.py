"""The first calls after a start, when no shop is in memory yet."""

import statistics
import threading

from measure import Caller, Run, line
from processes import serving
from subject import BACKENDS, Database, beijing, settings, tousu_serve

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
    taken: list[float] = []
    slowest = 0.0
    with serving(tousu_serve, settings(database.url)) as server:
        large, small = Caller(server), Caller(server)
        last = threading.Thread(target=lambda: taken.append(large.call(database.token, page=database.complaints // 10)))
        last.start()
        second = 0
        while last.is_alive() or not second:
            slowest = max(slowest, small.call(database.small_token, end_time=beijing(4_000_000_000 + second)))
            second += 1
            last.join(0.005)
    return taken[0], slowest
