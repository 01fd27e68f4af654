"""What the tests start: drivers, and the servers that they talk to."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
DRIVER = ROOT / "bindings/python/driver.py"
# Long enough for a busy machine.
PATIENCE = 120


class Driver:
    """A driver, which is sent requests by their verbs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self.waiting: dict[Any, asyncio.Future[dict[str, Any]]] = {}
        self.unasked: list[dict[str, Any]] = []
        self.count = 0
        self.reading = asyncio.create_task(self.read())

    @classmethod
    async def start(cls, *arguments: str, command: list[str] | None = None) -> Driver:
        command = command or [sys.executable, "-u", str(DRIVER)]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, *arguments, stdin=pipe, stdout=pipe, limit=1 << 26
        )
        return cls(process)

    async def read(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            told = json.loads(line)
            if "event" in told:
                self.events.append(told["event"])
            elif answered := self.waiting.pop(told["id"], None):
                answered.set_result(told)
            else:
                self.unasked.append(told)
        for abandoned in self.waiting.values():
            abandoned.cancel()

    def write(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line.encode() + b"\n")

    async def ask(self, verb: str, **fields: Any) -> dict[str, Any]:
        """The whole answer."""
        self.count += 1
        answered = asyncio.get_running_loop().create_future()
        self.waiting[self.count] = answered
        self.write(json.dumps({"id": self.count, "do": verb, **fields}))
        return await asyncio.wait_for(answered, PATIENCE)

    async def do(self, verb: str, **fields: Any) -> dict[str, Any]:
        """What it answers, where that is no error."""
        answer = await self.ask(verb, **fields)
        if "ok" not in answer:
            raise AssertionError(f"{verb}: {answer}")
        return dict(answer["ok"])

    async def refused(self, verb: str, **fields: Any) -> dict[str, Any]:
        """Its error, where it is one."""
        answer = await self.ask(verb, **fields)
        if "error" not in answer:
            raise AssertionError(f"{verb} was not refused: {answer}")
        return dict(answer["error"])

    async def ended(self) -> int:
        code = await asyncio.wait_for(self.process.wait(), PATIENCE)
        await self.reading
        return code

    async def close(self) -> int:
        """Closes its input and waits for its end."""
        assert self.process.stdin
        self.process.stdin.close()
        return await self.ended()

    async def kill(self) -> None:
        """`kill -9`, where it still runs."""
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()


@contextmanager
def servers() -> Iterator[dict[str, Any]]:
    """Two homeservers, described as `cargo xtask up --json` does."""
    command = shlex.split(os.environ.get("CASELINE_XTASK", "cargo xtask"))
    up = subprocess.Popen(
        [*command, "up", "--json", "--no-fhir"], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
    )
    assert up.stdout
    try:
        line = up.stdout.readline()
        if not line:
            raise AssertionError(f"`{shlex.join(command)} up` did not start the servers")
        yield json.loads(line)
    finally:
        os.killpg(up.pid, signal.SIGTERM)
        up.wait()
        up.stdout.close()
