//! What must be refused, and is.

use super::Line;
use crate::demo::fault::{Fault, told};
use crate::demo::transcript::Transcript;
use crate::process::Refusal;
use crate::story::{Deed, Refused};

impl Line<'_, '_> {
    /// Judges a refusal, and tells of it.
    pub(super) fn refused(
        &mut self,
        name: &str,
        deed: &Deed,
        refusal: &Refusal,
        wanted: &Refused,
    ) -> Result<(), Fault> {
        let is = refusal.code == wanted.code
            && wanted
                .reason
                .as_ref()
                .is_none_or(|code| refusal.reasons.iter().any(|reason| reason.code == *code));
        if !is {
            return Err(Fault::Not { wanted: told(wanted), seen: refusal.to_string() });
        }
        let tries = match deed.verbs().first().copied() {
            Some("approve_plan") => "tries to approve the care plan",
            Some("approve_plan_in_house") => "tries to say that the plan was approved in-house",
            Some("attest_signature") => "tries to attest a signature",
            Some("plan_copied") => "tries to attest a copy",
            Some("return_plan") => "tries to return the care plan",
            Some("acknowledge_plan") => "tries to acknowledge the care plan",
            Some("send_care_plan") => "tries to send a care plan",
            Some("send" | "correct" | "retract") => "tries to write",
            Some("assign") => "tries to give somebody a task",
            Some("claim_task") => "tries to take the task",
            Some("cancel_task") => "tries to cancel the task",
            Some("accept_task" | "decline_task" | "hand_over_task" | "complete_task") => {
                "tries to answer for the task"
            }
            Some("alert") => "tries to tell of the stay",
            Some("agree") => "tries to propose or answer an agreement",
            Some("raise_concern") => "tries to raise a concern",
            Some("hear_concern" | "answer_concern" | "close_concern" | "reopen_concern") => {
                "tries to answer for the concern"
            }
            Some("refer" | "send_referral" | "carry_referral") => "tries to refer the member",
            Some(
                "ask_capacity" | "tell_capacity" | "accept_referral" | "decline_referral" | "sub_refer"
                | "referral_outcome" | "close_referral" | "cancel_referral" | "tell_referral"
                | "withdraw_referral",
            ) => "tries to answer for the referral",
            Some("record_contact") => "tries to record a contact",
            Some("prohibit_contact" | "permit_contact") => "tries to say whether the member may be contacted",
            Some("withdraw_contact") => "tries to take a contact back",
            Some("reopen_case") => "tries to open the case again",
            Some("carry") => "tries to take something across",
            Some("record_consent") => "tries to record a consent",
            Some("revoke_consent") => "tries to record that a consent was taken back",
            Some("review_override") => "tries to look at what was told in an emergency",
            Some("ask_outreach") => "tries to ask",
            Some("close_case") => "tries to close the case",
            Some("who_to_call") => "asks whom to call",
            Some("open") => "tries to open a case",
            Some("accept") => "tries to accept",
            Some("name_seat" | "end_seat" | "take_up_team" | "decline_team") => "tries to change the roster",
            _ => "tries",
        };
        self.tells(&format!("{name} {tries}, and is refused."));
        if refusal.reasons.is_empty() {
            Transcript::follows(&refusal.detail);
        }
        for reason in &refusal.reasons {
            Transcript::follows(&format!("{} ({})", reason.text, reason.source));
        }
        Ok(())
    }
}
