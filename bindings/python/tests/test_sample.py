"""The sample program, as a new user runs it: twice, and then from another store."""

from __future__ import annotations

import asyncio
import sys

from .live import Live
from .processes import PATIENCE, ROOT


class Sample(Live):
    async def run_sample(self, folder: str) -> tuple[int, str]:
        user = self.cp.user("jane")
        place = self.folder / folder
        place.mkdir(exist_ok=True)
        bundle = self.folder / "cp.json"
        bundle.write_text(self.bundle("cp"), encoding="utf-8")
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "bindings/python/sample.py"),
            *(self.cp.url, user, self.cp.accounts[user], str(bundle)),
            cwd=place,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(program.communicate(), PATIENCE)
        assert program.returncode is not None
        return program.returncode, said.decode()

    async def test_it_does_what_it_says(self) -> None:
        code, said = await self.run_sample("first")
        self.assertEqual(code, 0, said)
        lines = said.splitlines()
        self.assertIn("sent: True", lines)
        self.assertIn("message: corrected Marty is in the hospital again. Visit together at ten?", lines)
        self.assertIn("message: said Marty is in the hospital again. Visit together at eleven?", lines)
        self.assertTrue(any(line.startswith("due: ") and "+1-" in line for line in lines), said)
        self.assertTrue(any(line.startswith("record: Marty's team Goal/") for line in lines), said)

        code, again = await self.run_sample("first")
        self.assertEqual(code, 0, again)
        self.assertEqual(again.count("message: corrected"), 2, "the same case")

        # Another store is another device: it says so, and goes on once it has the recovery key.
        code, other = await self.run_sample("other")
        self.assertEqual(code, 1, other)
        self.assertIn("recovery key", other)
        key = (self.folder / "first/sample-store/recovery-key").read_text(encoding="utf-8")
        (self.folder / "other/sample-store/recovery-key").write_text(key, encoding="utf-8")
        code, other = await self.run_sample("other")
        self.assertEqual(code, 0, other)
        self.assertIn("sent: True", other.splitlines())
