"""A change of one complaint in a transaction of its own, against a bare update."""

import json

from measure import Run, line
from processes import BUILT, output, say
from subject import BACKENDS


def measure(run: Run) -> list[str]:
    lines = []
    for backend in BACKENDS:
        url = run.databases.of(backend, run.medium).url
        rate = json.loads(output([BUILT / "examples/bare_updates", url, str(run.updates)]))
        say(f"{backend}: {rate}")
        what = f"one change, {backend}, time of tousu : bare update"
        lines.append(line(what, rate["bare"] / rate["tousu"], "{:.2f}×", "≤", 1.5))
    return lines
