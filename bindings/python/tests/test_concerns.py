"""What an organization brings to the programme office: checked, heard, answered, found again. Everybody here is synthetic."""

from __future__ import annotations

from typing import Any

import caseline
from caseline import CaselineError, ConcernAbout, NamedContact, RoomKind

from .live import DATA, MINUTE, Live
from .processes import Driver

OFFICE = "https://caseline.example/organization|office"
ANN = "https://caseline.example/staff|ann"


class Concerns(Live):
    def office(self) -> str:
        """The office's directory, with Ann on the account that the servers call joe, and its keeper on theirs."""
        text = self.bundle("office")
        for written, running in [("keeper", "nobody"), ("office-keeper", "keeper"), ("joe", "other"), ("ann", "joe")]:
            text = text.replace(f'"matrix:u/{written}:{self.aco.server}"', f'"matrix:u/{running}:{self.aco.server}"')
        return text

    async def both(self, jane: caseline.Caseline) -> tuple[caseline.Case, Driver]:
        agreement = DATA / "agreement-office.yaml"
        await jane.import_bundle(self.office())
        await jane.add_agreement(agreement.read_text(encoding="utf-8"))
        await jane.add_rules((DATA / "rules.yaml").read_text(encoding="utf-8"))
        ann = await self.joe()
        await ann.do("import", bundle=self.office())
        await ann.do("add_agreement", path=str(agreement))
        await ann.do("add_rules", path=str(DATA / "rules.yaml"))
        room = await jane.open_programme(OFFICE, [NamedContact(contact=ANN, lead=True)])

        async def invited() -> Any:
            return (await ann.do("invitations"))["invitations"]

        [invitation] = await self.until(invited)
        await ann.do("accept", room=invitation["room"])
        return room, ann

    async def test_a_concern_is_checked_and_answered_and_found_again(self) -> None:
        async with caseline.session(*self.jane()) as jane:
            room, ann = await self.both(jane)
            self.assertEqual([one.id() for one in await jane.rooms(RoomKind.PROGRAMME)], [room.id()])
            self.assertEqual((await jane.cases(), await ann.do("cases")), ([], {"cases": []}))
            self.assertEqual(await ann.do("rooms", kind="programme"), {"rooms": [{"case": room.id()}]})

            text = "Für sie: 617-555-0141"
            [found] = await jane.check_concern(text)
            self.assertEqual((found.kind, text[found.start : found.end]), ("phone", "617-555-0141"))
            with self.assertRaises(CaselineError.InvalidInput) as wrong:
                await room.raise_concern("Lists come late", "Member 100044071903 was on none")
            refused = (wrong.exception.code, wrong.exception.field)
            self.assertEqual(refused, ("concern-member-data", "text[7..19]"))
            with self.assertRaises(CaselineError.NotAllowed) as elsewhere:
                await room.send("Hello")
            self.assertEqual([one.code for one in elsewhere.exception.reasons], ["room-kind"])
            raised = await room.raise_concern(
                "Lists come late", "Two weeks after the month began", topic=ConcernAbout.ENROLMENT
            )
            self.assertTrue(await jane.settle(within=MINUTE))

            async def known() -> Any:
                return (await ann.do("concerns", case=room.id()))["concerns"]

            [seen] = await self.until(known)
            self.assertEqual(
                (seen["concern"], seen["status"], seen["topic"]), (raised.id, "raised", "enrolment")
            )
            of = {"case": room.id(), "concern": raised.id}
            await ann.do("hear_concern", **of)
            await ann.do("answer_concern", **of, text="From April on in time", shared_as="When do they come?")

            async def answered() -> Any:
                [concern] = await room.concerns()
                return concern.status == "answered" and concern

            concern = await self.until(answered)
            self.assertEqual([step.deed for step in concern.steps], ["heard", "answered"])
            self.assertEqual(concern.steps[1].shared_as, "When do they come?")
            self.assertEqual(await room.published_answers(), [])
            [answer] = await jane.answered_concerns("lists april")
            self.assertEqual((answer.concern, answer.answer), (raised.id, "From April on in time"))
            told = await ann.do("answered_concerns", query="april")
            self.assertEqual([one["question"] for one in told["answers"]], ["Lists come late"])
            self.assertEqual((await ann.do("check_concern", text="a@b.example"))["found"][0]["kind"], "email")
            await room.close_concern(raised.id)
            await room.reopen_concern(raised.id, "They are late again")
            self.assertTrue(await jane.settle(within=MINUTE))
            [concern] = await room.concerns()
            self.assertEqual(concern.status, "raised")
            [due] = [one for one in await jane.due() if one.case == room.id()]
            self.assertEqual(due.clock, "concern-heard")
