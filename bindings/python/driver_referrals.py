"""Referrals for social needs: what is asked of them, and how it is answered (tests/DRIVER.md)."""

from __future__ import annotations

from typing import Any

import caseline
from driver_answers import event_of, instant, reasons, shown


async def ask(case: caseline.Case, verb: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Answers what is asked about referrals, and is no command of its own name and arguments."""
    match verb:
        case "refer":
            key = fields.pop("key", None)
            referred = await case.refer(caseline.ReferralInput(**fields), key)
            return {**event_of(referred.key), **held(referred.held)}
        case "send_referral":
            return {"case": (await case.send_referral(**fields)).id()}
    there = await case.referral()
    return shown(
        referrals=[referral(one) for one in await case.referrals()],
        course=None if there is None else course(there),
    )


def held(reason: caseline.Reason | None) -> dict[str, Any]:
    return {} if reason is None else {"held": reasons([reason])[0]}


def referral(known: caseline.Referral) -> dict[str, Any]:
    return shown(
        sender=known.sender,
        referral=known.referral,
        service=known.service,
        called=known.called,
        organization=known.organization,
        need=known.need,
        consent=known.consent,
        fields=known.fields,
        priority=known.priority.name.lower(),
        due=known.due,
        status=known.status,
        room=known.room,
        asked_by=known.asked_by,
        asked_at=instant(known.asked_at),
        steps=[step(one) for one in known.steps],
        **held(known.held),
    )


def step(taken: caseline.ReferralStep) -> dict[str, Any]:
    return shown(
        **event_of(taken.key),
        by=taken.by,
        at=instant(taken.at),
        told=taken.told,
        by_hand=taken.by_hand,
        text=taken.text,
    )


def course(known: caseline.ReferralCourse) -> dict[str, Any]:
    return shown(
        service=known.service,
        called=known.called,
        need=known.need,
        fields=known.fields,
        consent=known.consent,
        consent_until=known.consent_until,
        notice=known.notice,
        priority=known.priority.name.lower(),
        due=known.due,
        status=known.status,
        steps=[step(one) for one in known.steps],
    )
