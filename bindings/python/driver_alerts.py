"""Alerts, joint visits and follow-ups: what tests/DRIVER.md asks of them, and how they are shown."""

from __future__ import annotations

from typing import Any

import caseline
from driver_answers import event_of, instant, shown
from driver_checks import invalid


def outcome(told: caseline.AlertOutcome) -> dict[str, Any]:
    raised = [{"case": each.case, **event_of(each.key)} for each in told.raised]
    return {"raised": raised, "known": told.known, "proposed": told.proposed}


async def answer_visit(
    case: caseline.Case,
    visit: str,
    answer: str,
    reason: str | None = None,
    to: Any = None,
    key: str | None = None,
) -> dict[str, Any]:
    said: caseline.VisitAnswer
    match (answer, reason, to):
        case ("accept", None, None):
            said = caseline.VisitAnswer.ACCEPT()
        case ("decline", str(), None):
            said = caseline.VisitAnswer.DECLINE(reason)
        case ("move", None, when) if when is not None:
            said = caseline.VisitAnswer.MOVE(when)
        case _:
            raise invalid("`decline` goes with `reason`, `move` with `to`, `accept` with neither")
    return event_of(await case.answer_visit(visit, said, key))


def stay(told: caseline.Stay) -> dict[str, Any]:
    return shown(
        stay=told.stay,
        status=told.status,
        **{"class": told.stay_class},
        facility=told.facility,
        began=instant(told.began),
        ended=instant(told.ended),
        clock=told.clock,
        counts_from=instant(told.counts_from),
        followed_up_by=told.followed_up_by,
        told=told.told,
    )


def visit(told: caseline.Visit) -> dict[str, Any]:
    def asked(one: caseline.Asked) -> dict[str, Any]:
        return shown(
            contact=one.contact, organization=one.organization, answer=one.answer, reason=one.reason
        )

    return shown(
        visit=told.visit,
        stay=told.stay,
        at=instant(told.at),
        by=told.by,
        status=told.status,
        asked=[asked(one) for one in told.asked],
        place=told.place,
    )
