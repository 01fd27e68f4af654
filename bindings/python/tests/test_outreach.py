"""Reaching out to a member: asked, answered, recorded, counted. Everybody here is synthetic."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import caseline
from caseline import CaselineError, CloseReason, OutreachChannel, OutreachStage

from .live import MINUTE, NOW, Live


class Outreach(Live):
    async def test_it_is_shown_asked_answered_and_counted(self) -> None:
        async with caseline.session(*self.jane()) as jane:
            case, joe = await self.both(jane, "agreement-outreach.yaml")
            denied = await case.may_reach_out(OutreachChannel.PHONE)
            self.assertEqual((denied.answer, denied.until), ("denied", "2019-07-01"))
            self.assertEqual(denied.reasons[-1].code, "outreach-prohibited")
            ask = await case.ask_outreach(OutreachChannel.VISIT, "He does not open letters (synthetic)")

            async def asked() -> Any:
                return (await joe.do("outreach", case=case.id())).get("asks")

            [seen] = await self.until(asked)
            self.assertEqual((seen["ask"], seen["channel"]), (ask.id, "visit"))
            await joe.do("grant_outreach", case=case.id(), ask=ask.id, until="2019-04-01")
            on = {"on": "2019-02-20", "enrolled": "2019-02-01", "source": "The list of February (synthetic)"}
            await joe.do("stage", case=case.id(), stage="assigned", **on)

            async def assigned() -> Any:
                told = await case.outreach()
                return told.stages and told

            told = await self.until(assigned)
            self.assertEqual([one.stage for one in told.stages], [OutreachStage.ASSIGNED])
            clocks = {one.clock: (one.since, one.due) for one in told.clocks}
            self.assertEqual(clocks["plan-completed"], ("2019-02-20", "2019-06-22"))
            self.assertEqual(clocks["engagement"][0], "2019-02-01")
            self.assertEqual((await case.may_reach_out(OutreachChannel.VISIT)).answer, "allowed")

            when = datetime.fromisoformat(NOW) - timedelta(hours=1)
            phone = await case.record_contact(when, OutreachChannel.PHONE, False, False, "It rang out (synthetic)")
            with self.assertRaises(CaselineError.NotAllowed) as early:
                await case.close_case(CloseReason.UNREACHABLE)
            self.assertEqual([one.code for one in early.exception.reasons], ["unreachable-too-early"])
            with self.assertRaises(CaselineError.InvalidInput) as wrong:
                await case.stage(OutreachStage.OUTREACH, "in March", "A guess")
            self.assertEqual((wrong.exception.code, wrong.exception.field), ("invalid-date", "on"))
            self.assertTrue(await jane.settle(within=MINUTE))

            async def recorded() -> Any:
                return (await joe.do("outreach", case=case.id()))["contacts"]

            [contact] = await self.until(recorded)
            self.assertEqual((contact["id"], contact["reached"]), (phone.id, False))
            self.assertEqual(contact["against_terms"][0]["code"], "outreach-prohibited")
            told = await case.outreach()
            self.assertEqual((told.attempts, told.contacts[0].when), (1, when))
            self.assertTrue(told.asks[0].answer and told.asks[0].answer.granted)

            await case.withdraw_contact(phone.id, "It was somebody else's number (synthetic)")
            self.assertTrue(await jane.settle(within=MINUTE))
            told = await case.outreach()
            taken_back = told.contacts[0].withdrawn
            self.assertEqual((told.attempts, taken_back and taken_back.reason[:19]), (0, "It was somebody els"))
            await case.close_case(CloseReason.DECLINED)
            await case.reopen_case("He is back (synthetic)", NOW[:10], "The list of March (synthetic)")
            self.assertTrue(await jane.settle(within=MINUTE))
            told = await case.outreach()
            stages = [OutreachStage.ASSIGNED, OutreachStage.DISENROLLED, OutreachStage.RE_ENROLLED]
            self.assertEqual([one.stage for one in told.stages], stages)
