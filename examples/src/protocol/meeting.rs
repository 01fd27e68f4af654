//! What is asked about all cases, and about meetings.

use caseline::Error;
use caseline::communication::Priority;
use caseline::contact::Topic;
use caseline::error::InvalidInput;
use caseline::id::{CaseId, ContactId, EventId, OrganizationId};
use caseline::meeting::{AgendaOrder, Meeting};
use caseline::panel::{Pair, PanelQuery};
use caseline::task::TaskDue;
use jiff::civil::Date;
use serde::Deserialize;

/// What is asked of the panel.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct AskPanel {
    pub plan_side: Option<OrganizationId>,
    pub community_side: Option<OrganizationId>,
    pub topic: Option<Topic>,
    #[serde(default)]
    pub mine_only: bool,
    pub most: Option<u32>,
}

/// Of which meeting an agenda is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct AskAgenda {
    pub plan_side: OrganizationId,
    pub community_side: OrganizationId,
    pub date: Date,
    pub minutes: u32,
    pub time: Option<String>,
    pub since: Option<Date>,
    #[serde(default)]
    pub for_both: bool,
}

/// What a meeting decided on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct Decide {
    pub plan_side: OrganizationId,
    pub community_side: OrganizationId,
    pub date: Date,
    pub case: CaseId,
    pub text: Option<String>,
    pub title: Option<String>,
    pub due: Option<TaskDue>,
    pub owner: Option<ContactId>,
    pub pool: Option<OrganizationId>,
    pub organization: Option<OrganizationId>,
    pub detail: Option<String>,
    #[serde(default)]
    pub priority: Priority,
    pub decision: Option<EventId>,
}

impl From<AskPanel> for PanelQuery {
    fn from(asked: AskPanel) -> Self {
        Self {
            plan_side: asked.plan_side,
            community_side: asked.community_side,
            topic: asked.topic,
            mine_only: asked.mine_only,
            most: asked.most.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
        }
    }
}

impl AskAgenda {
    /// What is ordered.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-time`).
    pub fn order(self) -> Result<AgendaOrder, Error> {
        let pair = Pair { plan_side: self.plan_side, community_side: self.community_side };
        let mut order = AgendaOrder::new(Meeting::of(pair, self.date), self.minutes);
        if let Some(time) = self.time {
            let detail = "an hour is written hours:minutes: 10:00";
            let wrong = |_| InvalidInput::new("invalid-time", detail).field("time");
            order.time = time.parse().map_err(wrong)?;
        }
        order.since = self.since;
        Ok(order)
    }
}

impl Decide {
    /// Of which meeting.
    pub fn meeting(&self) -> Meeting {
        let pair = Pair { plan_side: self.plan_side.clone(), community_side: self.community_side.clone() };
        Meeting::of(pair, self.date)
    }
}
