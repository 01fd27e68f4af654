"""The driver's lines, as far as they need no server."""

from __future__ import annotations

import asyncio
import json
import signal
import tempfile
import unittest
from pathlib import Path

from .processes import Driver

UUID = "0190a0b0-0000-7000-8000-000000000000"


class Lines(unittest.IsolatedAsyncioTestCase):
    async def start(self, *arguments: str) -> Driver:
        driver = await Driver.start(*arguments)
        self.addAsyncCleanup(driver.kill)
        return driver

    def sign_in(self, **changed: object) -> dict[str, object]:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        fields: dict[str, object] = {
            "homeserver": "http://127.0.0.1:9",
            "user": "@joe:aco.example",
            "password": "secret",
            "store": str(Path(folder.name) / "store"),
            "store_key": "0a" * 32,
            "record": {"embedded": True},
        }
        return {**fields, **changed}

    async def test_a_bad_line_is_answered_under_its_id_and_without_its_values(self) -> None:
        driver = await self.start()
        for line, number, says in [
            ("Marty", None, "one JSON object"),
            ("[1]", None, "one JSON object"),
            ('{"do":"cases"}', None, "has an `id`"),
            ('{"id":true,"do":"cases"}', None, "has an `id`"),
            ('{"id":1,"do":"Marty"}', 1, "no verb"),
            ('{"id":2,"do":"recover"}', 2, "missing field `key`"),
            ('{"id":3,"do":"cases","Marty":1}', 3, "unknown field"),
            ('{"id":"four","do":"state","case":"Marty"}', "four", "`case` has not the form"),
            ('{"id":5,"do":"settle","timeout_s":-1}', 5, "`timeout_s` has not the form"),
            ('{"id":6,"do":"who_to_call","organization":"a|b","topic":"Marty"}', 6, "`topic` has not"),
        ]:
            driver.write(line)
            while not driver.unasked:
                await asyncio.sleep(0.01)
            answer = driver.unasked.pop()
            self.assertEqual(answer["id"], number, line)
            self.assertEqual(answer["error"]["code"], "invalid-request", line)
            self.assertIn(says, answer["error"]["detail"])
            self.assertNotIn("Marty", json.dumps(answer))

    async def test_everything_waits_for_a_session(self) -> None:
        driver = await self.start()
        for verb, fields in [("cases", {}), ("settle", {"timeout_s": 1}), ("state", {"case": UUID})]:
            self.assertEqual((await driver.refused(verb, **fields))["code"], "sign-in-required")

    async def test_only_a_story_moves_the_clock(self) -> None:
        told = await (await self.start()).refused("clock", now="2019-03-04T14:00:00Z")
        self.assertEqual((told["code"], told["reasons"]), ("not-allowed", []))
        driver = await self.start("--story-clock")
        self.assertEqual(await driver.do("clock", now="2019-03-04T14:00:00Z"), {})
        self.assertEqual((await driver.refused("clock", now="noon"))["code"], "invalid-request")

    async def test_a_sign_in_that_cannot_be_is_refused_with_its_field(self) -> None:
        driver = await self.start()
        for changed, code, field in [
            ({"store_key": "0a"}, "invalid-store-key", "store_key"),
            ({"record": {"embedded": True, "none": True}}, "invalid-record", "record"),
            ({"record": {}}, "invalid-record", "record"),
        ]:
            told = await driver.refused("sign_in", **self.sign_in(**changed))
            self.assertEqual((told["code"], told["field"]), (code, field))
        self.assertEqual((await driver.refused("sign_in", **self.sign_in()))["code"], "unavailable")

    async def test_it_ends_with_its_input(self) -> None:
        driver = await self.start()
        await driver.refused("cases")
        self.assertEqual(await driver.close(), 0)

    async def test_it_ends_at_sigterm(self) -> None:
        driver = await self.start()
        await driver.refused("cases")
        driver.process.send_signal(signal.SIGTERM)
        self.assertEqual(await driver.ended(), 0)

    async def test_it_ends_after_answering_shutdown(self) -> None:
        driver = await self.start()
        self.assertEqual(await driver.do("shutdown"), {})
        self.assertEqual(await driver.ended(), 0)

    async def test_it_takes_no_other_argument(self) -> None:
        driver = await self.start("--stroy-clock")
        self.assertEqual(await driver.ended(), 2)
