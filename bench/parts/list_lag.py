"""How long somebody waits for the first row of `tousu list`, against curl for the same call."""

import json
import os
import statistics
import subprocess
import time
from pathlib import Path

from measure import Run, line
from processes import Server, output, say
from subject import INTERFACE, PERMISSION, SHOP, TOUSU, body, in_memory, tousu

ROWS = 20  # what `tousu list` shows


def measure(run: Run) -> list[str]:
    database = run.databases.of("SQLite", run.basic)
    app = tousu(database.url, "app", "add", "--shop", SHOP, "--name", "lag", "--grant", PERMISSION)
    environment = {"XDG_CONFIG_HOME": str(run.work / "config"), "XDG_CACHE_HOME": str(run.work / "cache")}
    with in_memory(database) as server:
        log_in(server, app, environment)
        commands = {
            "tousu": [TOUSU, "list", "--ndjson"],
            "table": [TOUSU, "list"],
            "curl": curl(server, database.token, run.work),
        }
        lags: dict[str, list[float]] = {name: [] for name in commands}
        # By turns, one by one, so that whatever else the machine does is shared.
        for _ in range(run.calls):
            for name, command in commands.items():
                lags[name].append(first_line(command, environment))
    middle = {name: statistics.median(each) for name, each in lags.items()}
    for name, lag in middle.items():
        say(f"first row, {name}: {lag * 1000:.1f} ms")
    return [
        line("first row of `tousu list --ndjson` : curl", middle["tousu"] / middle["curl"], "{:.2f}×", "<", 1.3),
        line("first row of `tousu list` : curl", middle["table"] / middle["curl"], "{:.2f}×", "<", 1.3),
    ]


def log_in(server: Server, app: dict, environment: dict[str, str]):
    flags = ["--url", f"http://127.0.0.1:{server.port}", "--app-id", app["app_id"], "--client-id", app["client_id"]]
    output([TOUSU, "login", *flags, "--secret-stdin", "--secret-place", "file"], environment, typed=app["secret_key"])


def curl(server: Server, token: str, work: Path) -> list:
    """The same call, with a token at hand as the program has one, as its page shows it."""
    asked = work / "asked.json"
    asked.write_bytes(json.dumps({**json.loads(body(token)), "page_size": ROWS}).encode())
    url = f"http://127.0.0.1:{server.port}{INTERFACE}"
    return ["curl", "--silent", "--header", "Content-Type: application/json", "--data", f"@{asked}", url]


def first_line(command: list, environment: dict[str, str]) -> float:
    """Seconds until there is something to see."""
    started = time.perf_counter()
    environment = {**os.environ, **environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as running:
        first = os.read(running.stdout.fileno(), 1 << 16)
        lag = time.perf_counter() - started
        while os.read(running.stdout.fileno(), 1 << 16):
            pass
    assert first and running.returncode == 0, command
    return lag
