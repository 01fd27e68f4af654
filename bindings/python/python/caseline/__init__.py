"""Case-by-case secure messaging between the organisations that share the care of one person.

    import caseline

    options = caseline.Options(store="…", store_key=caseline.StoreKey(key), homeserver="https://matrix.cp.example")
    async with caseline.session(options, "@jane:cp.example", password) as client:
        for case in await client.cases():
            await case.send("Marty is in the hospital again.")
        async for notice in caseline.notices(client):
            ...

What the classes do is documented on them; the key of a store comes from the platform's key store, 32 bytes. Everything that
touches the store or a server is awaited and runs outside the event loop's thread. The read models and their `str()` hold
what people wrote: keep them out of logs. Errors hold none of it.
"""

from __future__ import annotations

import atexit
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ._ffi.caseline_ffi import (
    Agenda,
    AgendaCall,
    AgendaEntry,
    AgendaItem,
    AgreementBeside,
    Alert,
    AlertOutcome,
    AnsweredConcern,
    Asked,
    AuditStatus,
    Callee,
    CallList,
    CarePlanFound,
    Case,
    Caseline,
    CaselineError,
    CaseState,
    ClockBeside,
    CloseReason,
    Concern,
    ConcernAbout,
    ConcernStep,
    Consent,
    ConsentInput,
    Consents,
    Contact,
    ContactBeside,
    ContactGap,
    ContactTakenBack,
    CopiedHow,
    Crossing,
    CrossingAttempt,
    CrossingStanding,
    CrossingWay,
    DataFound,
    Denied,
    Directory,
    Due,
    EmergencyTold,
    EventKey,
    Events,
    Happening,
    HostToken,
    HostTokenError,
    Identity,
    Invitation,
    Kept,
    Listener,
    ListenerError,
    Matter,
    MayReachOut,
    MayTell,
    Meeting,
    MeetingDecision,
    MeetingGuest,
    MeetingReply,
    MemberContact,
    Message,
    MessagePriority,
    MessageStanding,
    NamedContact,
    NamedOn,
    NextDue,
    Notice,
    Options,
    Organization,
    OutboxNote,
    OutboxStatus,
    Outreach,
    OutreachAnswer,
    OutreachAsk,
    OutreachChannel,
    OutreachStage,
    PairMeeting,
    PairPanel,
    Panel,
    PanelCase,
    PanelCounts,
    Paper,
    Plan,
    PlanChange,
    PlanComparison,
    PlanCopy,
    PlanCopyTo,
    PlanDifference,
    PlanSignature,
    PlanSigner,
    ProgrammeClock,
    ProposedCase,
    PublishedAnswer,
    Reach,
    RaisedAlert,
    ReachOutTerm,
    Reason,
    RecordChoice,
    Referral,
    ReferralCourse,
    ReferralInput,
    ReferralStep,
    Referred,
    Reminder,
    Resource,
    ResourceEdit,
    RoomAgenda,
    RoomKind,
    Rung,
    Scan,
    SearchParam,
    Seat,
    Seen,
    SentPlan,
    SignedHow,
    Stay,
    StayClass,
    StageOf,
    StoreKey,
    StoryClock,
    Subscription,
    TeamProposal,
    TimelineEntry,
    Topic,
    TopicCounts,
    TurnRound,
    Visit,
    VisitAnswer,
    Whom,
    end_threads,
)

__all__ = [
    "Agenda",
    "AgendaCall",
    "AgendaEntry",
    "AgendaItem",
    "AgreementBeside",
    "Alert",
    "AlertOutcome",
    "AnsweredConcern",
    "Asked",
    "AuditStatus",
    "CallList",
    "Callee",
    "ClockBeside",
    "ContactBeside",
    "ContactGap",
    "ContactTakenBack",
    "CopiedHow",
    "CarePlanFound",
    "Case",
    "CaseState",
    "Caseline",
    "CaselineError",
    "CloseReason",
    "Concern",
    "ConcernAbout",
    "ConcernStep",
    "Consent",
    "ConsentInput",
    "Consents",
    "Contact",
    "Crossing",
    "CrossingAttempt",
    "CrossingStanding",
    "CrossingWay",
    "DataFound",
    "Denied",
    "Directory",
    "Due",
    "EmergencyTold",
    "EventKey",
    "Events",
    "Happening",
    "HostToken",
    "HostTokenError",
    "Identity",
    "Invitation",
    "Kept",
    "Listener",
    "ListenerError",
    "Matter",
    "MayReachOut",
    "MayTell",
    "Meeting",
    "MeetingDecision",
    "MeetingGuest",
    "MeetingReply",
    "MemberContact",
    "Message",
    "MessagePriority",
    "MessageStanding",
    "NamedContact",
    "NamedOn",
    "NextDue",
    "Notice",
    "Options",
    "Organization",
    "OutboxNote",
    "OutboxStatus",
    "Outreach",
    "OutreachAnswer",
    "OutreachAsk",
    "OutreachChannel",
    "OutreachStage",
    "PairMeeting",
    "PairPanel",
    "Panel",
    "PanelCase",
    "PanelCounts",
    "Paper",
    "Plan",
    "PlanChange",
    "PlanComparison",
    "PlanCopy",
    "PlanCopyTo",
    "PlanDifference",
    "PlanSignature",
    "PlanSigner",
    "ProgrammeClock",
    "ProposedCase",
    "PublishedAnswer",
    "Reach",
    "RaisedAlert",
    "ReachOutTerm",
    "Reason",
    "RecordChoice",
    "Referral",
    "ReferralCourse",
    "ReferralInput",
    "ReferralStep",
    "Referred",
    "Reminder",
    "Resource",
    "ResourceEdit",
    "RoomAgenda",
    "RoomKind",
    "Rung",
    "Scan",
    "SearchParam",
    "Seat",
    "Seen",
    "SentPlan",
    "SignedHow",
    "Stay",
    "StayClass",
    "StageOf",
    "StoreKey",
    "StoryClock",
    "Subscription",
    "TeamProposal",
    "TimelineEntry",
    "Topic",
    "TopicCounts",
    "TurnRound",
    "Visit",
    "VisitAnswer",
    "Whom",
    "notices",
    "session",
]


def _detail(error: CaselineError) -> str:
    return str(error.detail)  # type: ignore[attr-defined]


# A thread that calls an interpreter which is ending takes the whole process down (before Python 3.14).
atexit.register(end_threads)

# The generated text repeats the constructor's arguments: people read the detail.
CaselineError.__str__ = _detail  # type: ignore[method-assign]


@asynccontextmanager
async def session(
    options: Options, user: str | None = None, password: str | None = None
) -> AsyncIterator[Caseline]:
    """A client that is shut down at the end of the block.

    A store with a session is restored, and the password not used; else `user` signs in. Without a user only a stored
    session will do (`CaselineError.SignInRequired`, code `no-session`).
    """
    if user is None:
        client = await Caseline.restore(options)
    else:
        client = await Caseline.sign_in(options, user, password or "")
    try:
        yield client
    finally:
        await client.shutdown()


async def notices(client: Caseline) -> AsyncIterator[Notice]:
    """What happens from now on, until the client is shut down. Hints: who missed one asks."""
    events = client.events()
    try:
        while (notice := await events.next()) is not None:
            yield notice
    finally:
        events.cancel()
