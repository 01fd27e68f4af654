"""The bindings without servers."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

import caseline
from caseline import CaselineError, Options, StoreKey, StoryClock

KEY = bytes(range(32))
# Nobody listens there.
NOWHERE = "http://127.0.0.1:9"


class Local(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = str(Path(folder.name) / "store")

    def options(self, key: bytes = KEY, homeserver: str | None = None) -> Options:
        return Options(store=self.store, store_key=StoreKey(key), homeserver=homeserver)

    def test_a_store_key_has_32_bytes(self) -> None:
        for key in (b"", KEY[:31], KEY + b"\0"):
            with self.assertRaises(CaselineError.InvalidInput) as caught:
                StoreKey(key)
            self.assertEqual(caught.exception.code, "invalid-store-key")
            self.assertEqual(caught.exception.field, "store_key")

    async def test_an_empty_store_has_no_session(self) -> None:
        with self.assertRaises(CaselineError.SignInRequired) as caught:
            await caseline.Caseline.restore(self.options())
        self.assertEqual(caught.exception.code, "no-session")

    async def test_a_store_opens_with_its_own_key_only(self) -> None:
        with self.assertRaises(CaselineError.SignInRequired):
            await caseline.Caseline.restore(self.options())
        with self.assertRaises(CaselineError.InvalidInput) as caught:
            await caseline.Caseline.restore(self.options(KEY[::-1]))
        self.assertEqual(caught.exception.code, "wrong-store-key")
        # A failed attempt leaves the store as it was, and closed.
        with self.assertRaises(CaselineError.SignInRequired):
            await caseline.Caseline.restore(self.options())

    async def test_signing_in_needs_a_homeserver(self) -> None:
        with self.assertRaises(CaselineError.InvalidInput) as caught:
            async with caseline.session(self.options(), "@joe:aco.example", "secret"):
                self.fail("there is no homeserver")
        self.assertEqual((caught.exception.code, caught.exception.field), ("no-homeserver", "homeserver"))

    async def test_an_unreachable_homeserver_is_unavailable(self) -> None:
        with self.assertRaises(CaselineError.Unavailable) as caught:
            await caseline.Caseline.sign_in(self.options(homeserver=NOWHERE), "@joe:aco.example", "secret")
        self.assertEqual(caught.exception.what, "homeserver")

    async def test_an_error_reads_as_its_detail_and_tells_nothing_of_the_caller(self) -> None:
        with self.assertRaises(CaselineError) as caught:
            await caseline.Caseline.sign_in(self.options(homeserver=NOWHERE), "@joe:aco.example", "secret")
        told = str(caught.exception)
        self.assertEqual(told, caught.exception.detail)
        for word in ("joe", "secret", self.store):
            self.assertNotIn(word, told)

    async def test_a_record_in_the_clear_is_refused(self) -> None:
        options = self.options(homeserver=NOWHERE)
        options.record = caseline.RecordChoice.FHIR("http://ehr.example/fhir", None)
        with self.assertRaises(CaselineError.InvalidInput):
            await caseline.Caseline.sign_in(options, "@joe:aco.example", "secret")

    async def test_a_call_that_is_given_up_does_not_hold_the_store(self) -> None:
        # It takes connections and says nothing.
        silent = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        port = silent.getsockname()[1]
        options = self.options(homeserver=f"http://127.0.0.1:{port}")
        with self.assertRaises(asyncio.TimeoutError):
            await asyncio.wait_for(
                caseline.Caseline.sign_in(options, "@joe:aco.example", "secret"), timeout=1
            )
        for _ in range(50):
            try:
                await caseline.Caseline.restore(self.options())
            except CaselineError.SignInRequired:
                break
            except CaselineError.Conflict as conflict:
                # Calling it off takes a moment.
                self.assertEqual(conflict.code, "store-in-use")
                await asyncio.sleep(0.1)
        else:
            self.fail("the store is still held")

    def test_a_story_clock_takes_a_time(self) -> None:
        clock = StoryClock()
        clock.set(datetime(2019, 3, 4, 14, tzinfo=timezone.utc))
        clock.set(datetime(2019, 3, 4, 14, tzinfo=timezone(timedelta(hours=-5))))

    def test_what_is_offered_is_there(self) -> None:
        for name in caseline.__all__:
            self.assertTrue(hasattr(caseline, name), name)
        self.assertTrue((Path(caseline.__file__).parent / "py.typed").exists())
