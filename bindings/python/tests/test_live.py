"""Two people, two homeservers: Jane through the package, Joe through the driver."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import threading
import time
import uuid
from typing import Any

import caseline
from caseline import CaselineError, Options, StoreKey

from .live import ACO, CARE_PLAN, CARE_TEAM, DATA, JANE, JOE, MINUTE, Live
from .processes import PATIENCE, Driver


class Hearing(caseline.Listener):
    """Keeps what it hears, and fails when it has heard enough."""

    def __init__(self) -> None:
        self.heard: list[caseline.Notice] = []

    def on_notice(self, notice: caseline.Notice) -> None:
        self.heard.append(notice)
        if notice.kind == "plan.sent":
            raise ValueError("Marty")


class Story(Live):
    async def identities(self, jane: caseline.Caseline, joe: Driver) -> None:
        known = await jane.identity(self.aco.user("joe"))
        assert known is not None
        self.assertEqual((known.user, known.changed_from), (self.aco.user("joe"), None))
        self.assertEqual(await joe.do("identity", user=self.aco.user("joe")), {"key": known.key})
        with self.assertRaises(CaselineError.InvalidInput):
            await jane.trust_identity(self.aco.user("joe"), "another key")
        await jane.trust_identity(self.aco.user("joe"), known.key)

    async def test_a_plan_goes_there_and_back(self) -> None:
        async with caseline.session(*self.jane()) as jane:
            self.assertTrue(await jane.verified())
            self.assertTrue(await jane.recovery_key())
            await jane.confirm_recovery_key()
            self.assertIsNone(await jane.recovery_key())
            replaced = await jane.replace_recovery_key()
            self.assertEqual(await jane.recovery_key(), replaced)
            await jane.confirm_recovery_key()
            hearing = Hearing()
            subscription = jane.listen(hearing)
            self.assertGreater(await jane.import_bundle(self.bundle("cp")), 0)
            kept = await jane.add_agreement((DATA / "agreement.yaml").read_text(encoding="utf-8"))
            self.assertEqual(kept.id, "harbor-bridge/bay-river")
            await jane.add_rules((DATA / "rules.yaml").read_text(encoding="utf-8"))
            found = await jane.who_to_call(ACO, caseline.Topic.CARE_PLAN)
            self.assertEqual(
                (found.primary.contact.id, found.primary.contact.user), (JOE, self.aco.user("joe"))
            )
            self.assertEqual((found.primary.confirmed, found.primary.stale), ("2019-02-25", False))
            self.assertEqual([each.code for each in found.primary.why][0], "designated")
            gaps = [(gap.topic, gap.missing) for gap in await jane.contact_gaps() if gap.organization == ACO]
            self.assertIn((caseline.Topic.CONSENT, "contact"), gaps)
            self.assertNotIn(caseline.Topic.CARE_PLAN, [topic for topic, _ in gaps])
            self.assertEqual((found.primary.zone, found.primary.languages), ("America/New_York", ["en", "es"]))

            joe = await self.joe()
            self.assertEqual(
                self.signed_in, {"user": self.aco.user("joe"), "verified": True, "restored": False}
            )
            (self.folder / "aco.json").write_text(self.bundle("aco"), encoding="utf-8")
            await joe.do("import", path=str(self.folder / "aco.json"))
            await joe.do("add_agreement", path=str(DATA / "agreement.yaml"))
            await joe.do("add_rules", path=str(DATA / "rules.yaml"))

            await self.identities(jane, joe)
            case = await jane.open(CARE_TEAM)
            first = await case.send("Joe, is Marty with you? (synthetic)")
            await self.exchange(jane, case, joe, first)

            await self.second_thoughts(jane, case, joe)

            joe = await self.kill(joe, case.id())
            await self.plan(jane, case, joe)
            await self.tasks(jane, case, joe)
            self.assertIn("plan.sent", [notice.kind for notice in hearing.heard])
            after = len(hearing.heard)
            await case.send("Thank you. (synthetic)")
            self.assertTrue(await jane.settle(within=MINUTE))
            self.assertEqual(len(hearing.heard), after, "a listener that failed is not called again")
            subscription.cancel()

            self.assertIsNone((await jane.audit()).problem)
            communications = await jane.resources("Communication")
            self.assertTrue(all(json.loads(each.json)["id"] == each.id for each in communications))
            self.assertGreaterEqual(len(communications), 3)
            self.assertEqual(await joe.close(), 0)
            pending = asyncio.create_task(self.drain(jane.events()))
            await asyncio.sleep(0.2)

        # The end of the block has shut the client down, whoever still holds it.
        await asyncio.wait_for(pending, PATIENCE)
        with self.assertRaises(CaselineError.SignInRequired) as caught:
            await case.state()
        self.assertEqual(caught.exception.code, "shut-down")
        await jane.shutdown()
        # And its store is free: the same device goes on.
        options, user, _ = self.jane()
        async with caseline.session(options) as again:
            self.assertEqual(again.user(), user)
            self.assertEqual([each.id() for each in await again.cases()], [case.id()])
        await self.let_go(options)

    async def drain(self, events: caseline.Events) -> None:
        while await events.next() is not None:
            pass

    async def let_go(self, options: Options) -> None:
        """Objects may be let go of anywhere, also on threads that Rust knows nothing of."""
        held = [await caseline.Caseline.restore(options)]
        held.append(held[0].events())
        thread = threading.Thread(target=held.clear)
        thread.start()
        thread.join()
        gc.collect()

        async def free() -> Any:
            try:
                return await caseline.Caseline.restore(options)
            except CaselineError.Conflict as conflict:
                self.assertEqual(conflict.code, "store-in-use")

        await (await self.until(free)).shutdown()

    async def second_thoughts(self, jane: caseline.Caseline, case: caseline.Case, joe: Driver) -> None:
        wrong = await case.send("At ten. (synthetic)")
        key = str(uuid7())
        right = await case.correct(wrong.id, "At eleven. (synthetic)", key)
        self.assertEqual(await case.correct(wrong.id, "At eleven. (synthetic)", key), right)
        other = await case.send("In the wrong case. (synthetic)")
        back = await case.retract(other.id)
        with self.assertRaises(CaselineError.NotAllowed) as caught:
            await case.correct(other.id, "Not there any more. (synthetic)")
        self.assertEqual([reason.code for reason in caught.exception.reasons], ["message-retracted"])
        self.assertTrue(await jane.settle(within=MINUTE))

        async def corrected() -> Any:
            messages = (await joe.do("messages", case=case.id()))["messages"]
            told = {each["id"]: each for each in messages}
            return told if told.get(other.id, {}).get("standing") == "retracted" else None

        told = await self.until(corrected)
        self.assertEqual((told[wrong.id]["standing"], told[wrong.id]["by"]["id"]), ("corrected", right.id))
        self.assertEqual(told[right.id]["corrects"], {"sender": wrong.sender, "id": wrong.id})
        self.assertEqual((told[right.id]["text"], told[right.id]["standing"]), ("At eleven. (synthetic)", "said"))
        self.assertEqual(told[other.id]["by"], {"sender": back.sender, "id": back.id})
        up_to = {"sender": right.sender, "id": right.id}
        self.assertIsNotNone((await joe.do("seen", case=case.id(), up_to=up_to))["event"])
        self.assertEqual(await joe.do("seen", case=case.id(), up_to=up_to), {"event": None})

        async def read() -> Any:
            return [each for each in await case.messages() if each.key == right and each.seen]

        [message] = await self.until(read)
        self.assertEqual([seen.contact for seen in message.seen], [JOE])
        self.assertIsInstance(message.standing, caseline.MessageStanding.SAID)
        by = next(each for each in await case.messages() if each.key == wrong).standing
        self.assertEqual(by, caseline.MessageStanding.CORRECTED(right))

    async def exchange(
        self, jane: caseline.Caseline, case: caseline.Case, joe: Driver, first: caseline.EventKey
    ) -> None:
        async def invited() -> Any:
            return (await joe.do("invitations"))["invitations"]

        [invitation] = await self.until(invited)
        self.assertEqual((invitation["by"], invitation["known"]), (self.cp.user("jane"), True))
        self.assertEqual(invitation["contact"]["id"], JANE)
        accepted = await joe.do("accept", room=invitation["room"])
        self.assertEqual(accepted["case"], case.id())
        self.assertTrue((await joe.do("settle", timeout_s=60))["settled"])

        async def read() -> Any:
            events = (await joe.do("timeline", case=case.id()))["events"]
            return [each for each in events if each["id"] == first.id]

        [line] = await self.until(read)
        self.assertEqual(line["body"], "Joe, is Marty with you? (synthetic)")
        self.assertEqual((line["kind"], line["standing"]), ("message.sent", "counted"))
        self.assertEqual(line["sender"], first.sender)

        key = str(uuid7())
        answer = {"case": case.id(), "text": "He is. Come over. (synthetic)", "key": key}
        answer["in_reply_to"] = {"sender": first.sender, "id": first.id}
        sent = await joe.do("send", **answer)
        self.assertEqual(sent, {"sender": self.aco.user("joe"), "id": key})
        self.assertEqual(await joe.do("send", **answer), sent, "the same key and content: the same answer")
        told = await joe.refused("send", **{**answer, "text": "He is not."})
        self.assertNotIn("He is", json.dumps(told))

        async def answered() -> Any:
            return [each for each in await case.messages() if each.key.id == key]

        [message] = await self.until(answered)
        self.assertEqual(message.text, "He is. Come over. (synthetic)")
        self.assertEqual((message.sender.id, message.in_reply_to), (JOE, first))

    async def kill(self, joe: Driver, case: str) -> Driver:
        before = await joe.do("state", case=case)
        await joe.kill()
        joe = await self.joe()
        self.assertTrue(self.signed_in["restored"])
        self.assertEqual((await joe.do("cases"))["cases"], [{"case": case}])
        self.assertEqual((await joe.do("state", case=case))["roster"], before["roster"])
        return joe

    async def plan(self, jane: caseline.Caseline, case: caseline.Case, joe: Driver) -> None:
        plan = await case.send_care_plan(CARE_PLAN)
        self.assertIn("1.50", await case.plan_text(plan.key.id) or "")

        async def arrived() -> Any:
            return (await joe.do("state", case=case.id()))["plans"]

        [seen] = await self.until(arrived)
        self.assertEqual((seen["plan"], seen["sha256"]), (plan.key.id, plan.sha256))
        self.assertEqual((seen["status"], seen["sent_by"]), ("sent", JANE))
        await joe.do("acknowledge_plan", case=case.id(), plan=plan.key.id)
        told = await joe.refused("approve_plan", case=case.id(), plan=plan.key.id)
        self.assertEqual(told["code"], "not-allowed")
        self.assertEqual([reason["code"] for reason in told["reasons"]], ["plan-approver"])
        [owed] = (await joe.do("due", case=case.id()))["due"]
        self.assertEqual((owed["clock"], owed["owner"]), ("plan-return", owed["ladder"][0]["contact"]))
        self.assertTrue(owed["ladder"][-1]["phone"])
        await joe.do("return_plan", case=case.id(), plan=plan.key.id, changes="Name the nurse. (synthetic)")
        self.assertTrue((await joe.do("settle", timeout_s=60))["settled"])

        async def returned() -> Any:
            [plan] = (await case.state()).plans
            return plan if plan.status == "returned" else None

        back = await self.until(returned)
        self.assertEqual((back.by, back.changes), (JOE, "Name the nurse. (synthetic)"))
        # Jane's side makes the changes.
        self.assertEqual([one.clock for one in await case.due()], ["plan-revision"])
        self.assertTrue(await jane.settle(within=MINUTE))

        async def alike() -> Any:
            theirs = (await joe.do("state", case=case.id()))["digest"]
            return theirs == (await case.state()).digest

        await self.until(alike)
        audit = await joe.do("audit")
        self.assertTrue(audit["entries"] > 0 and all(chain["ok"] for chain in audit["chains"]))
        self.assertGreater((await joe.do("record", kind="Communication"))["count"], 1)
        kinds = {event["kind"] for event in joe.events}
        self.assertLessEqual({"plan.sent"}, kinds)

    async def tasks(self, jane: caseline.Caseline, case: caseline.Case, joe: Driver) -> None:
        with self.assertRaises(CaselineError.InvalidInput) as caught:
            await case.assign("Housing form (synthetic)", due="soon", owner=JOE)
        self.assertEqual((caught.exception.code, caught.exception.field), ("invalid-due", "due"))
        key = str(uuid7())
        form = await case.assign("Housing form (synthetic)", due="2031-03-08", owner=JOE, key=key)
        again = await case.assign("Housing form (synthetic)", due="2031-03-08", owner=JOE, key=key)
        self.assertEqual((again, form.id), (form, key))

        async def arrived() -> Any:
            return (await joe.do("tasks", case=case.id()))["tasks"]

        [seen] = await self.until(arrived)
        self.assertEqual((seen["task"], seen["owner"]["contact"], seen["due"]), (key, JOE, "2031-03-08"))
        self.assertEqual((seen["status"], seen["priority"], seen["steps"]), ("requested", "routine", []))
        [owed] = [each for each in (await joe.do("due", case=case.id()))["due"] if each["clock"] == "task"]
        self.assertEqual(owed["owner"], JOE)
        await joe.do("decline_task", case=case.id(), task=key, reason="Away. (synthetic)")

        async def declined() -> Any:
            return [each for each in await case.tasks() if each.status == "declined"]

        [back] = await self.until(declined)
        self.assertEqual((back.steps[0].deed, back.steps[0].text), ("declined", "Away. (synthetic)"))
        await case.hand_over_task(key, pool=ACO)
        await case.cancel_task(key, "Not needed. (synthetic)")

        async def ended() -> Any:
            return [each for each in await case.tasks() if each.status == "cancelled"]

        [over] = await self.until(ended)
        self.assertEqual((over.status, over.pool, over.owner), ("cancelled", ACO, None))
        told = await joe.refused("hand_over_task", case=case.id(), task=key, owner=JOE, pool=ACO)
        self.assertEqual(told["code"], "invalid-request")
        self.assertTrue(await jane.settle(within=MINUTE))

    async def test_a_wrong_password_is_told_from_a_store_in_use(self) -> None:
        options, user, _ = self.jane("other")
        with self.assertRaises(CaselineError.SignInRequired) as caught:
            await caseline.Caseline.sign_in(options, user, "wrong")
        self.assertEqual(caught.exception.code, "wrong-password")
        joe = await self.joe()
        second = Options(store=str(self.folder / "joe"), store_key=StoreKey(b"\x0b" * 32))
        with self.assertRaises(CaselineError.Conflict) as conflict:
            await caseline.Caseline.restore(second)
        self.assertEqual(conflict.exception.code, "store-in-use")
        await joe.do("suspend")
        await joe.do("resume")
        self.assertEqual(await joe.do("shutdown"), {})
        self.assertEqual(await joe.ended(), 0)


def uuid7() -> uuid.UUID:
    """A UUIDv7 (RFC 9562, section 5.7)."""
    bits = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    bits = bits & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=bits & ~(0b11 << 62) | 0b10 << 62)
