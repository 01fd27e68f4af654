"""All cases at a glance, and a meeting, from the package and from the driver. Everybody here is synthetic."""

from __future__ import annotations

from typing import Any

import caseline
from caseline import CaselineError, Meeting, Topic, WhatIsDecided

from .live import ACO, CARE_PLAN, JANE, JOE, MINUTE, Live

CP = "https://caseline.example/organization|harbor-bridge"
PAIR = {"plan_side": ACO, "community_side": CP, "date": "2019-03-04"}
DECISION = "0190a0b0-0000-7000-8000-000000000001"


class AtAMeeting(Live):
    async def test_what_a_meeting_looks_at_and_decides(self) -> None:
        async with caseline.session(*self.jane()) as jane:
            case, joe = await self.both(jane)
            await case.send_care_plan(CARE_PLAN)
            self.assertTrue(await jane.settle(within=MINUTE))

            panel = await jane.panel()
            self.assertEqual((panel.counts.open, panel.counts.unsigned, panel.counts.due), (1, 1, 1))
            [one] = panel.cases
            self.assertTrue(one.next and one.next.clock == "plan-return" and one.next.owner == JOE)
            self.assertEqual((await jane.panel(topic=Topic.CONSENT)).counts.open, 0)

            async def waits() -> Any:
                told = await joe.do("panel", mine_only=True)
                return told["counts"]["due"] and told

            told = await self.until(waits)
            self.assertEqual((told["cases"][0]["next"]["mine"], told["topics"][0]["topic"]), (True, "care-plan"))
            [beside] = (await joe.do("side_by_side"))["agreements"]
            self.assertEqual((beside["other"], beside["transport"]), (CP, "matrix-with-keeper"))
            self.assertIn(
                {"clock": "plan-return", "length": 14, "unit": "days", "counts_from": "day-after"}, beside["clocks"]
            )

            meeting = Meeting(**PAIR)
            agenda = await jane.agenda(meeting, 30)
            [item] = agenda.items
            self.assertEqual((item.case_id, item.matters[0].kind), (case.id(), "plan-unsigned"))
            self.assertNotIn(item.member, agenda.calendar + agenda.appointment)
            again = await joe.do("agenda", **PAIR, minutes=30)
            self.assertEqual((again["meeting"], again["items"][0]["headline"]), (agenda.meeting, item.headline))
            saved = await jane.save_appointment(meeting, 30)
            self.assertEqual((await jane.save_appointment(meeting, 30)).id, saved.id)

            message = WhatIsDecided.MESSAGE(text="Joe asks Dr. Rao.", priority=None)
            said = await jane.decide(meeting, case.id(), message, decision=DECISION)
            self.assertEqual(await jane.decide(meeting, case.id(), message, decision=DECISION), said)
            task = {"title": "Ask Dr. Rao", "due": "2019-03-08", "owner": JANE}
            await joe.do("decide", **PAIR, case=case.id(), **task)

            async def decided() -> Any:
                return [one.detail for one in await case.tasks()]

            self.assertEqual(await self.until(decided), ["Decided at the meeting of 4 March 2019."])
            with self.assertRaises(CaselineError.InvalidInput) as wrong:
                await jane.agenda(Meeting(plan_side=ACO, community_side=CP, date="in March"), 30)
            self.assertEqual((wrong.exception.code, wrong.exception.field), ("invalid-date", "date"))
            with self.assertRaises(CaselineError.NotFound):
                await jane.agenda(Meeting(plan_side=CP, community_side=ACO, date="2019-03-04"), 30)
