"""What tousu takes of memory, with a large shop and many connections."""

from measure import Run, line, load, resident
from subject import BACKENDS, in_memory


def measure(run: Run) -> list[str]:
    lines = []
    bound = 80 + 15 * run.large / 2**20
    for backend in BACKENDS:
        database = run.databases.of(backend, run.large)
        with in_memory(database) as server:
            load(server, database.token, run.seconds, connections=200, pages=run.large // 10)
            peak, anonymous = resident(server)
        what = f"memory, {backend}, {run.large:,} complaints, 200 connections"
        lines.append(line(f"{what}: peak", peak, "{:.0f} MiB", "<", bound))
        lines.append(line(f"{what}: anonymous at the end", anonymous, "{:.0f} MiB"))
    return lines
