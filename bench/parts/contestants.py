"""The peers, and that they do the same work as tousu."""

import json

from processes import CORES, FASTAPI, FASTIFY, KEPT, Command, Server
from subject import ask


def fastify(address: str, work: str = "remembered") -> tuple[Command, dict[str, str]]:
    return lambda port: ["node", FASTIFY / "server.mjs"], {"DATABASE": address, "WORK": work}


def fastapi(module: str, address: str, work: str = "remembered") -> tuple[Command, dict[str, str]]:
    command = lambda port: [
        KEPT / "fastapi/bin/uvicorn", f"{module}:app", "--app-dir", FASTAPI, "--port", str(port),
        "--workers", str(CORES), "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip
    return command, {"DATABASE": address, "WORK": work}


def assert_same_answers(servers: dict[str, Server], token: str):
    """Every contestant does the work: the same answers, down to the order of the keys."""
    asked = [{}, {"page": 7}, {"page_size": 50, "state": "0"}, {"channel_type": 3, "page": 2}, {"page": 10_001}]
    for parameters in asked:
        answers = {name: ask(server, token, **parameters) for name, server in servers.items()}
        parsed = {name: json.loads(answer, object_pairs_hook=tuple) for name, answer in answers.items()}
        for name in servers:
            assert parsed[name] == parsed["tousu"], f"{name} answers {parameters} otherwise:\n{answers}"
    for name, server in servers.items():
        code = json.loads(ask(server, token + "x"))["code"]
        assert code == 2008, f"{name} answers a wrong token with {code}"
