"""Random filters and pages of a shop, under load, against the peers."""

import contextlib

from measure import Run, fixed_bytes, line
from processes import serving
from queries import queries
from subject import BACKENDS, DAYS, ask, in_memory, page

from .contestants import assert_same_answers, fastapi, fastify


def measure(run: Run) -> list[str]:
    return [line for backend in BACKENDS for line in of(run, backend)]


def of(run: Run, backend: str) -> list[str]:
    database = run.databases.of(backend, run.medium)
    peers = {
        "SQLite": {
            "Fastify, indexed": fastify(database.address, "indexed"),
            "Fastify, counting": fastify(database.address, "naive"),
            "FastAPI": fastapi("app", database.address),
            "FastAPI, counting": fastapi("app", database.address, "naive"),
        },
        "PostgreSQL": {"FastAPI, asyncpg": fastapi("asyncpg_app", database.address)},
    }[backend]
    with contextlib.ExitStack() as running:
        servers = {"tousu": running.enter_context(in_memory(database))}
        servers |= {name: running.enter_context(serving(*peer)) for name, peer in peers.items()}
        assert_same_answers(servers, database.token)
        command = fixed_bytes(ask(servers["tousu"], database.token), run.work)
        servers["fixed bytes"] = running.enter_context(serving(command))
        total = lambda **asked: page(servers["tousu"], database.token, **asked)["total"]
        asked = run.work / "queries"
        asked.write_text("\n".join(queries(total, run.databases.until, DAYS)) + "\n")
        few = set(peers) - {"Fastify, indexed"}
        rate = run.in_turns(servers, few, token=database.token, queries=asked, requests=run.requests)

    def share(name: str, divisor: str, target: float | None = None) -> str:
        what = f"random calls, {backend}, tousu : {name}"
        return line(what, rate["tousu"] / rate[divisor], "{:.1f}×", "≥", target)

    percent = 100 * rate["tousu"] / rate["fixed bytes"]
    least = {"SQLite": 45, "PostgreSQL": 25}[backend]
    lines = [line(f"random calls, {backend}, tousu : fixed bytes", percent, "{:.0f} %", "≥", least)]
    if backend == "PostgreSQL":
        return [*lines, share("FastAPI with SQLAlchemy and asyncpg", "FastAPI, asyncpg", 15)]
    return [
        *lines,
        share("Fastify with indexes in memory", "Fastify, indexed", 5),
        share("Fastify with COUNT and OFFSET", "Fastify, counting", 30),
        share("FastAPI with SQLAlchemy", "FastAPI", 25),
        share("FastAPI with SQLAlchemy that counts each time", "FastAPI, counting"),
    ]
