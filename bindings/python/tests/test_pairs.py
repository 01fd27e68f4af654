"""The pair's own room, from the package and from the driver: a meeting that is set, moved, prepared, held and recorded. Everybody here is synthetic."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import caseline
from caseline import CaselineError, MeetingReply, NamedContact, RoomKind

from .live import ACO, CARE_PLAN, JANE, JOE, MINUTE, Live

DECISION = "0190a0b0-0000-7000-8000-000000000002"


class InTheirOwnRoom(Live):
    async def test_a_meeting_is_settled_prepared_and_decides(self) -> None:
        async with caseline.session(*self.jane(record=caseline.RecordChoice.EMBEDDED())) as jane:
            case, joe = await self.both(jane)
            await case.send_care_plan(CARE_PLAN)
            room = await jane.open_pair(ACO, [NamedContact(contact=JOE, lead=True)])
            again = await jane.open_pair(ACO, [NamedContact(contact=JOE, lead=True)])
            self.assertEqual(again.id(), room.id())
            self.assertEqual([one.id() for one in await jane.rooms(RoomKind.PAIR)], [room.id()])

            async def invited() -> Any:
                return (await joe.do("invitations"))["invitations"]

            [invitation] = await self.until(invited)
            await joe.do("accept", room=invitation["room"])
            self.assertEqual(await joe.do("rooms", kind="pair"), {"rooms": [{"case": room.id()}]})
            with self.assertRaises(CaselineError.InvalidInput) as wrong:
                await room.send("Call 617-555-0141")
            self.assertEqual((wrong.exception.code, wrong.exception.field), ("concern-member-data", "text[5..17]"))
            await room.send("Marty Street has no line today", names_confirmed=True)

            meeting = (await room.set_meeting("2019-03-21", 30)).id
            of = {"case": room.id(), "meeting": meeting}

            async def known() -> Any:
                return (await joe.do("meetings", case=room.id()))["meetings"]

            [seen] = await self.until(known)
            self.assertEqual((seen["meeting"], seen["status"]), (meeting, "waiting"))
            await joe.do("answer_meeting", **of, answer="another-time", to="2019-03-21T18:00:00Z")

            async def answered() -> Any:
                [one] = await room.meetings()
                return one.status == "unsettled" and one

            one = await self.until(answered)
            [other] = [guest for guest in one.people if guest.contact == JOE]
            self.assertEqual(other.another_time, datetime.fromisoformat("2019-03-21T18:00:00Z"))
            await room.move_meeting(meeting, "2019-03-21", time="14:00")
            await room.prepare_meeting(meeting)

            async def moved() -> Any:
                [one] = (await joe.do("meetings", case=room.id()))["meetings"]
                return one["prepared"] and one

            one = await self.until(moved)
            self.assertEqual([entry["case"] for entry in one["agenda"]], [case.id()])
            await joe.do("answer_meeting", **of, answer="accept")
            read = await joe.do("meeting_agenda", **of)
            self.assertEqual((read["prepared"], read["items"][0]["matters"][0]["kind"]), (True, "plan-unsigned"))
            ours = await room.meeting_agenda(meeting)
            self.assertEqual((ours.agenda.meeting, ours.unknown), (read["meeting"], []))
            self.assertNotIn(ours.agenda.items[0].member, ours.agenda.calendar)

            task = {"title": "Ask Dr. Rao", "due": "2019-03-25", "owner": JANE, "decision": DECISION}
            first = await joe.do("decide_at_meeting", **of, of=case.id(), **task)
            self.assertEqual(await joe.do("decide_at_meeting", **of, of=case.id(), **task), first)

            async def decided() -> Any:
                [one] = await room.meetings()
                return one.decisions

            [decision] = await self.until(decided)
            self.assertEqual((decision.case_id, decision.kind, decision.key.id), (case.id(), "task", first["id"]))
            with self.assertRaises(CaselineError.NotAllowed) as early:
                await room.hold_meeting(meeting)
            self.assertEqual([one.code for one in early.exception.reasons], ["meeting-not-begun"])
            await room.answer_meeting(meeting, MeetingReply.DECLINE())
            await room.cancel_meeting(meeting, "Both are away")
            self.assertTrue(await jane.settle(within=MINUTE))
            [written] = await jane.resources("Appointment")
            self.assertIn("cancelled", written.json)
