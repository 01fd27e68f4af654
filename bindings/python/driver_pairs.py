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
    "decide_at_meeting",
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
    fields["case_id"] = fields.pop("of")
    if "text" in fields and not {"title", "due"} & set(fields):
        return event_of(await room.decide_message(**fields))
    if "text" in fields or not {"title", "due"} <= set(fields):
        raise invalid("give either `text`, or `title` and `due`")
    if ("owner" in fields) == ("pool" in fields):
        raise invalid("give either `owner` or `pool`")
    return event_of(await room.decide_task(**fields))


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
        {"case": one.case_id, "kind": one.kind, **event_of(one.key), "by": one.by} for one in of.decisions
    ]
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
        decisions=decisions,
        cancelled=of.cancelled,
        held_by=of.held_by,
    )
