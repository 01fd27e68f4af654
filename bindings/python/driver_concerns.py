"""Programme rooms and concerns: what is asked of them, and how it is answered (tests/DRIVER.md)."""

from __future__ import annotations

from typing import Any

import caseline
from driver_answers import event_of, instant, shown


async def ask(client: caseline.Caseline, verb: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Answers what is asked about rooms and answers."""
    match verb:
        case "open_programme":
            fields["with_organization"] = fields.pop("with")
            return {"case": (await client.open_programme(**fields)).id()}
        case "rooms":
            return {"rooms": [{"case": room.id()} for room in await client.rooms(**fields)]}
        case "check_concern":
            found = await client.check_concern(**fields)
            return {
                "found": [
                    {"kind": one.kind, "start": one.start, "end": one.end, "advice": one.advice}
                    for one in found
                ]
            }
    return {"answers": [answer(one) for one in await client.answered_concerns(**fields)]}


async def concerns(case: caseline.Case) -> dict[str, Any]:
    """A programme room's concerns, and what the office told everybody."""
    return {
        "concerns": [concern(one) for one in await case.concerns()],
        "published": [published(one) for one in await case.published_answers()],
    }


def concern(known: caseline.Concern) -> dict[str, Any]:
    return {
        "sender": known.sender,
        "concern": known.concern,
        "title": known.title,
        "text": known.text,
        "topic": known.topic.name.lower(),
        "priority": known.priority.name.lower(),
        "about": known.about,
        "status": known.status,
        "raised_by": known.raised_by,
        "raised_at": instant(known.raised_at),
        "steps": [step(one) for one in known.steps],
    }


def step(taken: caseline.ConcernStep) -> dict[str, Any]:
    return shown(
        **event_of(taken.key),
        by=taken.by,
        organization=taken.organization,
        at=instant(taken.at),
        deed=taken.deed,
        text=taken.text,
        shared_as=taken.shared_as,
    )


def published(told: caseline.PublishedAnswer) -> dict[str, Any]:
    return {
        **event_of(told.key),
        "question": told.question,
        "text": told.text,
        "topic": told.topic.name.lower(),
        "by": told.by,
        "at": instant(told.at),
    }


def answer(found: caseline.AnsweredConcern) -> dict[str, Any]:
    return shown(
        case=found.case,
        **event_of(found.key),
        question=found.question,
        detail=found.detail,
        answer=found.answer,
        topic=found.topic.name.lower(),
        concern=found.concern,
        at=instant(found.at),
    )
