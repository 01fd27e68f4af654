"""What a member allows to be told: what tests/DRIVER.md asks of it, and how it is shown."""

from __future__ import annotations

from typing import Any

import caseline
from driver_answers import event_of, instant, reasons, shown

def marked(case: caseline.Case, marks: dict[str, Any] | None) -> caseline.Case:
    """The case, in which whatever is said is marked so."""
    if not marks:
        return case
    return case.marked(marks.get("labels", []), marks.get("unlabelled"), marks.get("emergency"))


async def record(case: caseline.Case, key: str | None = None, **said: Any) -> dict[str, Any]:
    consent = caseline.ConsentInput(
        categories=said["categories"],
        disclosers=said.get("disclosers", []),
        recipients=said.get("recipients", []),
        covered=said.get("covered", False),
        purposes=said["purposes"],
        tpo=said.get("tpo", False),
        explanation=said["explanation"],
        valid_from=said["from"],
        until=said.get("until"),
        signed_on=said["signed_on"],
        how=said["how"],
        representative=said.get("representative", False),
        source=said["source"],
        document=said.get("document"),
        renews=said.get("renews"),
        fields=said.get("fields", []),
    )
    return event_of(await case.record_consent(consent, key))


def denied(told: list[caseline.Denied]) -> dict[str, Any]:
    return {"denied": [{"id": each.id, "reasons": reasons(each.reasons)} for each in told]}


def may_tell(may: caseline.MayTell) -> dict[str, Any]:
    return {"answer": may.answer, "reasons": reasons(may.reasons)}


def consents(told: caseline.Consents) -> dict[str, Any]:
    def consent(one: caseline.Consent) -> dict[str, Any]:
        says = one.says
        return shown(
            sender=one.sender,
            consent=one.consent,
            standing=one.standing,
            categories=says.categories,
            disclosers=says.disclosers,
            recipients=says.recipients,
            covered=says.covered,
            purposes=says.purposes,
            redisclosure="tpo" if says.tpo else "named",
            fields=says.fields,
            explanation=says.explanation,
            **{"from": says.valid_from},
            signed_on=says.signed_on,
            how=says.how.name.lower(),
            source=says.source,
            by=one.by,
            at=instant(one.at),
            ends=one.ends,
            revoked_on=one.revoked_on,
        )

    def told_so(one: caseline.EmergencyTold) -> dict[str, Any]:
        review = None
        if one.justified is not None:
            review = {"justified": one.justified, "finding": one.finding, "by": one.reviewed_by}
        return shown(
            **event_of(one.key),
            kind=one.kind,
            by=one.by,
            at=instant(one.at),
            reason=one.reason,
            review=review,
        )

    return {
        "consents": [consent(one) for one in told.consents],
        "overrides": [told_so(one) for one in told.overrides],
    }
