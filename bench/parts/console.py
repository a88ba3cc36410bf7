"""The console: how much a browser fetches of it, and how soon the queue of a large shop can be worked with."""

import json
import os
import re
import shutil
import subprocess

from measure import Run, line
from processes import ROOT, output, say
from subject import BACKENDS, SHOP, in_memory, tousu

FIRST_LOAD = 300  # KiB, compressed, before charts and docs are opened
USABLE = 1000  # ms
# What of a task somebody sees as a stutter: six frames.
STUTTER = 100  # ms


def measure(run: Run) -> list[str]:
    if not shutil.which("npm"):
        say("console: left out, since Node.js is not there")
        return []
    lines = sizes()
    tests = ROOT / "tests/browser"
    if not (tests / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=tests, check=True, stdout=subprocess.DEVNULL)
    for backend in BACKENDS:
        database = run.databases.of(backend, run.medium)
        password = tousu(database.url, "user", "add", "bench", "--shop", SHOP, "--role", "agent")["password"]
        with in_memory(database) as server:
            address = f"http://127.0.0.1:{server.port}"
            told = output(["node", tests / "measure.mjs", address, "bench"], {"TOUSU_PASSWORD": password})
        found = json.loads(told)
        what = f"console, {backend}, {run.medium:,} complaints"
        lines.append(line(f"{what}: from the address to the queue with its total", found["usable"], "{:.0f} ms", "≤", USABLE))
        lines.append(line(f"{what}: longest task while scrolling", found["scrolling"], "{:.0f} ms", "≤", STUTTER))
        lines.append(line(f"{what}: longest task while filtering", found["filtering"], "{:.0f} ms", "≤", STUTTER))
    return lines


def sizes() -> list[str]:
    """What `npm run size` says of the build that the program holds."""
    told = subprocess.run(
        ["npm", "run", "--silent", "size"], cwd=ROOT / "console", env=os.environ, capture_output=True, text=True
    ).stdout
    lines = []
    for size, name in re.findall(r"([\d.]+) KiB\s+(.+)", told):
        if name.startswith("first load"):
            lines.append(line(f"console: {name}", float(size), "{:.1f} KiB", "≤", FIRST_LOAD))
        else:
            page = re.sub(r"^more for src/(?:pages/)?|(?:/index)?\.tsx?$", "", name)
            lines.append(line(f"console: more for {page}", float(size), "{:.1f} KiB"))
    assert lines, f"npm run size says nothing:\n{told}"
    return lines
