"""The pair's room and its meetings: what is asked of them, and how they are shown (tests/DRIVER.md)."""

from __future__ import annotations

from typing import Any

import caseline
import driver_meetings
from driver_answers import event_of, instant, shown
from driver_checks import invalid

VERBS = {
    "meetings",
    "meeting_agenda",
    "answer_meeting",
    "bring_to_meeting",
    "decide_at_meeting",
    "decide_anew",
    "drop_decision",
    "proposed_agreements",
    "propose_agreement",
    "accept_agreement",
    "decline_agreement",
    "withdraw_agreement",
}


async def open_pair(client: caseline.Caseline, fields: dict[str, Any]) -> dict[str, Any]:
    fields["with_organization"] = fields.pop("with")
    return {"case": (await client.open_pair(**fields)).id()}


async def ask(room: caseline.Case, verb: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Answers what is asked of one room."""
    match verb:
        case "meetings":
            return {"meetings": [meeting(one) for one in await room.meetings()]}
        case "meeting_agenda":
            told = await room.meeting_agenda(**fields)
            return {
                **driver_meetings.agenda(told.agenda),
                "prepared": told.prepared,
                "status": told.status,
                "settled": told.settled,
                "unknown": told.unknown,
            }
        case "answer_meeting":
            fields["answer"] = reply(fields.pop("answer"), fields.pop("to", None))
            return event_of(await room.answer_meeting(**fields))
        case "bring_to_meeting":
            return event_of(await room.bring_to_meeting(**fields))
        case "drop_decision":
            return event_of(await room.drop_decision(**fields))
        case "proposed_agreements":
            return {"agreements": [agreement(one) for one in await room.proposed_agreements()]}
        case "propose_agreement" | "accept_agreement" | "decline_agreement" | "withdraw_agreement":
            return event_of(await getattr(room, verb)(**fields))
    of_meeting, decision = fields.pop("meeting"), fields.pop("decision", None)
    if verb == "decide_anew":
        undone = fields.pop("undone")
        what = driver_meetings.decided(fields)
        return event_of(await room.decide_anew(of_meeting, undone, what, decision))
    of = fields.pop("of")
    return event_of(await room.decide(of_meeting, of, driver_meetings.decided(fields), decision))


def agreement(of: caseline.AgreementProposal) -> dict[str, Any]:
    return shown(
        sender=of.key.sender,
        proposal=of.key.id,
        agreement=of.agreement,
        version=of.version,
        title=of.title,
        sha256=of.sha256,
        status=of.status,
        by=of.by,
        organization=of.organization,
        settled_by=of.settled_by,
        reason=of.reason,
        replaced_by=of.replaced_by and event_of(of.replaced_by),
        **{"from": of.first_day},
    )


def reply(answer: str, to: Any) -> caseline.MeetingReply:
    match (answer, to):
        case ("accept", None):
            return caseline.MeetingReply.ACCEPT()
        case ("decline", None):
            return caseline.MeetingReply.DECLINE()
        case ("another-time", at) if at is not None:
            return caseline.MeetingReply.ANOTHER_TIME(at)
    raise invalid("answer `accept`, `decline`, or `another-time` with the time in `to`")


def meeting(of: caseline.PairMeeting) -> dict[str, Any]:
    people = [
        shown(
            contact=one.contact,
            organization=one.organization,
            answer=one.answer,
            another_time=one.another_time and instant(one.another_time),
        )
        for one in of.people
    ]
    agenda = [{"case": one.case_id, "why": one.why, "minutes": one.minutes} for one in of.agenda]
    decisions = [
        shown(
            case=one.case_id,
            kind=one.kind,
            **event_of(one.key),
            by=one.by,
            fate=one.fate,
            why=one.why if one.fate else None,
        )
        for one in of.decisions
    ]
    points = [{**event_of(one.key), "title": one.title, "text": one.text, "by": one.by} for one in of.points]
    return shown(
        sender=of.sender,
        meeting=of.meeting,
        begins=instant(of.begins),
        ends=instant(of.ends),
        minutes=of.minutes,
        status=of.status,
        set_by=of.set_by,
        people=people,
        agenda=agenda,
        prepared=of.prepared,
        nothing=of.nothing,
        not_reached=of.not_reached,
        points=points,
        decisions=decisions,
        cancelled=of.cancelled,
        held_by=of.held_by,
    )
