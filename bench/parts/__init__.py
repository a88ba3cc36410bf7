"""The parts of the bench, in the order of the table: each measures something and gives its lines."""

from . import (
    basic, console, constant, exports, first_call, imports, list_lag, memory, polls, random_calls, search, writes,
)  # fmt: skip

PARTS = {
    "basic": basic.measure,
    "constant": constant.measure,
    "random": random_calls.measure,
    "polls": polls.measure,
    "write": writes.measure,
    "import": imports.measure,
    "memory": memory.measure,
    "first": first_call.measure,
    "search": search.measure,
    "export": exports.measure,
    "console": console.measure,
    "list-lag": list_lag.measure,
}
