"""The pair's own room, from the package and from the driver: a meeting that is set, moved, prepared, held and recorded. Everybody here is synthetic."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import caseline
from caseline import CaselineError, MeetingReply, NamedContact, RoomKind, WhatIsDecided

from .live import ACO, CARE_PLAN, DATA, JANE, JOE, MINUTE, Live

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

            point = await room.bring_to_meeting(meeting, "The portal", text="It is down on Thursdays")
            with self.assertRaises(CaselineError.InvalidInput) as wrong:
                await room.bring_to_meeting(meeting, "Call 617-555-0141")
            self.assertEqual(wrong.exception.code, "concern-member-data")
            await joe.do("bring_to_meeting", **of, title="How long plans take")

            async def brought() -> Any:
                read = await joe.do("meeting_agenda", **of, for_both=True)
                return len(read["points"] + read["points_not_reached"]) == 2 and read

            read = await self.until(brought)
            self.assertEqual((read["points"][0]["id"], read["concerns"]), (point.id, []))
            self.assertIn("The portal", read["markdown"])

            task = {"title": "Ask Dr. Rao", "due": "2019-03-25", "owner": JANE, "decision": DECISION}
            first = await joe.do("decide_at_meeting", **of, of=case.id(), **task)
            self.assertEqual(await joe.do("decide_at_meeting", **of, of=case.id(), **task), first)

            async def decided() -> Any:
                [one] = await room.meetings()
                return one.decisions

            [decision] = await self.until(decided)
            self.assertEqual((decision.case_id, decision.kind, decision.key.id), (case.id(), "task", first["id"]))
            self.assertIsNone(decision.fate)
            with self.assertRaises(CaselineError.NotAllowed) as settled:
                await room.drop_decision(meeting, decision.key)
            self.assertEqual(settled.exception.reasons[0].code, "meeting-decision-settled")
            message = WhatIsDecided.MESSAGE(text="Anew", priority=None)
            with self.assertRaises(CaselineError.NotAllowed):
                await room.decide_anew(meeting, decision.key, message)
            self.assertEqual(await jane.hand_over_for_absent(), 0)
            self.assertEqual(await joe.do("hand_over_for_absent"), {"handed": 0})
            with self.assertRaises(CaselineError.NotAllowed) as early:
                await room.hold_meeting(meeting)
            self.assertEqual([one.code for one in early.exception.reasons], ["meeting-not-begun"])
            await room.answer_meeting(meeting, MeetingReply.DECLINE())
            await room.cancel_meeting(meeting, "Both are away")
            self.assertTrue(await jane.settle(within=MINUTE))
            [written] = await jane.resources("Appointment")
            self.assertIn("cancelled", written.json)


# On servers of its own: on these the people of the other test have a device already.
class WhatTheySettle(Live):
    async def test_an_agreement_is_proposed_and_accepted(self) -> None:
        async with caseline.session(*self.jane(record=caseline.RecordChoice.EMBEDDED())) as jane:
            _, joe = await self.both(jane)
            room = await jane.open_pair(ACO, [NamedContact(contact=JOE, lead=True)])

            async def invited() -> Any:
                return (await joe.do("invitations"))["invitations"]

            [invitation] = await self.until(invited)
            await joe.do("accept", room=invitation["room"])
            text = (DATA / "agreement-2019-2.yaml").read_text(encoding="utf-8")
            with self.assertRaises(CaselineError.InvalidInput) as wrong:
                await room.propose_agreement(text.replace("grace: 1 d", "grace: soon"))
            self.assertIsNotNone(wrong.exception.line)
            self.assertEqual(await room.proposed_agreements(), [])
            proposal = await room.propose_agreement(text)

            async def proposed() -> Any:
                return (await joe.do("proposed_agreements", case=room.id()))["agreements"]

            [seen] = await self.until(proposed)
            self.assertEqual((seen["version"], seen["status"], seen["from"]), ("2019-2", "proposed", "2019-04-01"))
            event = {"sender": proposal.sender, "id": proposal.id}
            await joe.do("accept_agreement", case=room.id(), proposal=event)

            async def accepted() -> Any:
                [one] = await room.proposed_agreements()
                return one.status == "accepted" and one

            one = await self.until(accepted)
            self.assertEqual((one.settled_by, one.sha256, one.text), (JOE, seen["sha256"], text))
            self.assertTrue(await jane.settle(within=MINUTE))
            [written] = await jane.resources("DocumentReference")
            self.assertIn(one.sha256, written.json)
