"""(a)-(d): the list call's first page, its memory and the import, on a small database."""

import contextlib

from measure import Run, fixed_bytes, line, load, resident
from processes import say, serving
from subject import ask, new_shop, settings, take_in, tousu_serve, write_rows

from .contestants import assert_same_answers, fastapi, fastify
from .imports import rates


def measure(run: Run) -> list[str]:
    url = run.databases.new("SQLite")
    token = new_shop(url)
    take_in(url, write_rows(run.work, run.basic, run.databases.until), run.basic)
    address = url.removeprefix("sqlite:")
    contestants = {
        "tousu": (tousu_serve, settings(url)),
        "Fastify": fastify(address),
        "FastAPI": fastapi("app", address),
        "FastAPI, tuned": fastapi("tuned", address),
        "Fastify, counting": fastify(address, "naive"),
        "FastAPI, counting": fastapi("app", address, "naive"),
    }
    with contextlib.ExitStack() as running:
        servers = {name: running.enter_context(serving(*contestant)) for name, contestant in contestants.items()}
        assert_same_answers(servers, token)
        command = fixed_bytes(ask(servers["tousu"], token), run.work)
        servers["fixed bytes"] = running.enter_context(serving(command))
        rate = run.in_turns(servers, token=token)

    peaks = []
    with serving(tousu_serve, settings(url)) as server:
        for pages in (1, run.basic // 10):
            load(server, token, run.seconds, connections=200, pages=pages)
            peaks.append(resident(server)[0])
    run.databases.drop(url)

    rows = rates(run, "SQLite", ["bare", "tousu"])
    say(f"import: {rows['tousu']:.0f} rows/s, bare inserts: {rows['bare']:.0f} rows/s")

    def share(name, divisor, target=None):
        return line(f"(b) list calls, tousu : {name}", rate["tousu"] / rate[divisor], "{:.1f}×", "≥", target)

    return [
        line("(a) list calls, tousu : fixed bytes", 100 * rate["tousu"] / rate["fixed bytes"], "{:.0f} %", "≥", 25),
        share("Fastify", "Fastify", 3),
        share("FastAPI", "FastAPI", 15),
        share("FastAPI without models, ORM and threads", "FastAPI, tuned"),
        share("Fastify that counts each time", "Fastify, counting"),
        share("FastAPI that counts each time", "FastAPI, counting"),
        line("(c) tousu's peak memory, first page", peaks[0], "{:.0f} MiB", "<", 80),
        line("(c) tousu's peak memory, pages anywhere", peaks[1], "{:.0f} MiB", "<", 80),
        line(
            f"(d) import of {run.imported:,} rows, tousu : bare inserts",
            100 * rows["tousu"] / rows["bare"], "{:.0f} %", "≥", 40,
        ),
    ]  # fmt: skip
