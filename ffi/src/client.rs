//! A signed-in device.

use std::sync::Arc;
use std::time::Duration;

use crate::alert::{Alert, AlertOutcome};
use crate::calling::{CallList, ContactGap};
use crate::case::Case;
use crate::error::{CaselineError, Result, parsed};
use crate::events::{Events, Listener, Subscription};
use crate::models::{AuditStatus, Directory, Due, Identity, Invitation, OutboxStatus, Paper, Topic};
use crate::options::Options;
use crate::proposals::{CarePlanFound, NamedContact, ProposedCase};
use crate::resource::{Kept, Resource, ResourceEdit, SearchParam};
use crate::runtime::{Client, run};
use crate::signing::day;

/// A signed-in device: its cases, its directory, what is due.
#[derive(uniffi::Object)]
pub struct Caseline {
    pub(crate) client: Arc<Client>,
    user: String,
}

impl Caseline {
    fn new(caseline: caseline::Caseline) -> Arc<Self> {
        let user = caseline.user().to_string();
        Arc::new(Self { client: Arc::new(Client::new(caseline)), user })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

#[uniffi::export]
impl Caseline {
    /// Signs in. A store with a session of this account restores it: the same device, and the password is not used.
    ///
    /// # Errors
    /// `SignInRequired` (`wrong-password`), `Unavailable` (`homeserver`), `Conflict` (`store-in-use`, `other-account`),
    /// `InvalidInput` (`wrong-store-key`, …).
    #[uniffi::constructor]
    pub async fn sign_in(options: Options, user: String, password: String) -> Result<Arc<Self>> {
        let builder = options.builder()?;
        run(async move { Ok(Self::new(builder.sign_in(&user, &password).await?)) }).await
    }

    /// Restores the store's session: the same device, no password, no homeserver's address needed.
    ///
    /// # Errors
    /// `SignInRequired` (`no-session`), and those of a store.
    #[uniffi::constructor]
    pub async fn restore(options: Options) -> Result<Arc<Self>> {
        let builder = options.builder()?;
        run(async move { Ok(Self::new(builder.restore().await?)) }).await
    }

    /// The Matrix id of this device's account.
    pub fn user(&self) -> String {
        self.user.clone()
    }

    /// The key that opens this account on another device, until the host has confirmed that it is saved.
    pub async fn recovery_key(&self) -> Result<Option<String>> {
        self.client.call(|caseline| async move { Ok(caseline.recovery_key().await?) }).await
    }

    /// The host has saved the recovery key: it is not offered again.
    pub async fn confirm_recovery_key(&self) -> Result<()> {
        self.client.call(|caseline| async move { Ok(caseline.confirm_recovery_key().await?) }).await
    }

    /// Makes another recovery key, for somebody who has lost theirs or shown it to somebody: the old one opens nothing any
    /// more. The new one is offered until the host has confirmed that it is saved.
    ///
    /// # Errors
    /// `DeviceUntrusted` on a device that is not verified; `Unavailable` where the homeserver does not answer.
    pub async fn replace_recovery_key(&self) -> Result<String> {
        self.client.call(|caseline| async move { Ok(caseline.replace_recovery_key().await?) }).await
    }

    /// Verifies this device with the recovery key, and reads what could not be read before.
    ///
    /// # Errors
    /// `InvalidInput` (`wrong-recovery-key`).
    pub async fn recover(&self, key: String) -> Result<()> {
        self.client.call(|caseline| async move { Ok(caseline.recover(&key).await?) }).await
    }

    /// Whether this device is verified.
    pub async fn verified(&self) -> Result<bool> {
        self.client.call(|caseline| async move { Ok(caseline.verified().await?) }).await
    }

    /// The identity of somebody; nothing where they have none, since they never signed in.
    ///
    /// # Errors
    /// `Unavailable` where their homeserver does not answer.
    pub async fn identity(&self, user: String) -> Result<Option<Identity>> {
        let user = parsed(&user, "user")?;
        let asked = |caseline: caseline::Caseline| async move {
            Ok(caseline.identity(&user).await?.map(Identity::from))
        };
        self.client.call(asked).await
    }

    /// Believes the new identity of somebody who has lost the old one. `key` is the one that a person has compared with
    /// them by another way, such as a call to the number in the directory.
    ///
    /// # Errors
    /// `NotFound` (`identity`), `InvalidInput` (`identity-key`) where theirs is another one by now, `Unavailable`.
    pub async fn trust_identity(&self, user: String, key: String) -> Result<()> {
        let user = parsed(&user, "user")?;
        self.client.call(|caseline| async move { Ok(caseline.trust_identity(&user, &key).await?) }).await
    }

    /// Carries out a FHIR Bundle of type `transaction` in the record; returns how many resources were created.
    ///
    /// # Errors
    /// `InvalidInput`; then nothing is changed. `NotFound` without a record.
    pub async fn import_bundle(&self, bundle: String) -> Result<u64> {
        self.client.call(|caseline| async move { Ok(caseline.import(&bundle).await? as u64) }).await
    }

    /// Keeps an agreement (YAML).
    ///
    /// # Errors
    /// `InvalidInput`, naming line and field.
    pub async fn add_agreement(&self, text: String) -> Result<Paper> {
        let added = move |caseline: &caseline::Caseline| {
            let agreement = caseline.add_agreement(&text)?;
            Ok(Paper { id: agreement.id.to_string(), version: agreement.version })
        };
        self.client.local(added).await
    }

    /// Keeps a rule set (YAML).
    ///
    /// # Errors
    /// `InvalidInput`, naming line and field.
    pub async fn add_rules(&self, text: String) -> Result<Paper> {
        let added = move |caseline: &caseline::Caseline| {
            let rules = caseline.add_rules(&text)?;
            Ok(Paper { id: rules.id.to_string(), version: rules.version })
        };
        self.client.local(added).await
    }

    /// Whom there is to call: the organisations and contacts of the record, as last read.
    pub async fn directory(&self) -> Result<Directory> {
        self.client.local(|caseline| Ok(caseline.directory().into())).await
    }

    /// Reads the directory from the record again.
    ///
    /// # Errors
    /// `Unavailable` where the record does not answer.
    pub async fn refresh_directory(&self) -> Result<()> {
        self.client.call(|caseline| async move { Ok(caseline.refresh_directory().await?) }).await
    }

    /// Whom to call at an organisation about a topic now, and why. Answered from what was last read of the record.
    ///
    /// # Errors
    /// `NotFound` (`organization`, or `contact` where nobody is designated for the topic).
    pub async fn who_to_call(&self, organization: String, topic: Topic) -> Result<CallList> {
        let organization = parsed(&organization, "organization")?;
        let topic = topic.known().ok_or_else(|| CaselineError::not_found("contact"))?;
        self.client.local(move |caseline| Ok(caseline.who_to_call(&organization, topic)?.into())).await
    }

    /// For which topics one cannot get a live person, at either side of each agreement in force.
    pub async fn contact_gaps(&self) -> Result<Vec<ContactGap>> {
        let found = |caseline: &caseline::Caseline| {
            Ok(caseline.contact_gaps()?.iter().map(ContactGap::from).collect())
        };
        self.client.local(found).await
    }

    /// The CareTeams of a member (`system|value`) in the record, as cases that they propose: those that go on first.
    ///
    /// # Errors
    /// `NotFound` (`member`, `record`); `InvalidInput`; `Unavailable` where the record does not answer.
    pub async fn care_teams(&self, member: String) -> Result<Vec<ProposedCase>> {
        let member = parsed(&member, "member")?;
        let found = move |caseline: caseline::Caseline| async move {
            Ok(caseline.care_teams(&member).await?.into_iter().map(ProposedCase::from).collect())
        };
        self.client.call(found).await
    }

    /// The care plans of a member (`system|value`) in the record: those that go on first.
    ///
    /// # Errors
    /// `NotFound` (`member`, `record`); `InvalidInput`; `Unavailable` where the record does not answer.
    pub async fn care_plans(&self, member: String) -> Result<Vec<CarePlanFound>> {
        let member = parsed(&member, "member")?;
        let found = move |caseline: caseline::Caseline| async move {
            Ok(caseline.care_plans(&member).await?.into_iter().map(CarePlanFound::from).collect())
        };
        self.client.call(found).await
    }

    /// Opens a case as a CareTeam of the record (`system|value`, or as the record refers to it) proposes it. Where that is of a
    /// system that knows no cases, `contacts` of the directory are named beside it. A given `case` is the new case's id: the
    /// same id returns the case that was opened with it.
    ///
    /// # Errors
    /// `NotAllowed`, with every reason; `NotFound` (`care-team`, `contact`, `agreement`, `rules`); `InvalidInput`.
    #[uniffi::method(default(case = None, contacts = []))]
    pub async fn open(
        &self,
        care_team: String,
        case: Option<String>,
        contacts: Vec<NamedContact>,
    ) -> Result<Arc<Case>> {
        let id = case.map(|case| parsed(&case, "case")).transpose()?;
        let mut named = Vec::new();
        for NamedContact { contact, lead } in contacts {
            named.push(caseline::Named { contact: parsed(&contact, "contacts")?, lead });
        }
        let opened = move |caseline: caseline::Caseline| async move {
            let mut proposed = if named.is_empty() {
                caseline.propose(&care_team).await?
            } else {
                caseline.complete(caseline.proposal(&care_team).await?, &named)?
            };
            proposed.id = id;
            Ok(caseline.open(proposed)?.id())
        };
        Ok(Case::new(&self.client, self.client.call(opened).await?))
    }

    /// The invitations that wait.
    pub async fn invitations(&self) -> Result<Vec<Invitation>> {
        let waiting = |caseline: caseline::Caseline| async move {
            Ok(caseline.invitations().await?.iter().map(Invitation::from).collect())
        };
        self.client.call(waiting).await
    }

    /// Accepts an invitation: joins its room, reads its opening, and takes the case up.
    ///
    /// # Errors
    /// `NotFound` (`invitation`); `NotAllowed` where the invitation has a warning and `despite_warning` is false, and where
    /// the room is not what it should be; `Unavailable` where it takes long: it goes on by itself.
    #[uniffi::method(default(despite_warning = false))]
    pub async fn accept(&self, room: String, despite_warning: bool) -> Result<Arc<Case>> {
        let room = parsed(&room, "room")?;
        let accepted = move |caseline: caseline::Caseline| async move {
            Ok(caseline.accept(&room, despite_warning).await?.id())
        };
        Ok(Case::new(&self.client, self.client.call(accepted).await?))
    }

    /// Declines an invitation.
    pub async fn decline(&self, room: String) -> Result<()> {
        let room = parsed(&room, "room")?;
        self.client.call(|caseline| async move { Ok(caseline.decline(&room).await?) }).await
    }

    /// Brings an alert to the open cases of the member: by the member's number (`system|value`) to each of them; by name and date of
    /// birth (`YYYY-MM-DD`), where there is no number or one that no case knows, to none, but the cases are proposed. The same again is
    /// sent once.
    ///
    /// # Errors
    /// `InvalidInput` (`alert-without-member`, `invalid-alert`, `invalid-date`), besides the errors of every command.
    #[uniffi::method(default(member = None, name = None, birth_date = None))]
    pub async fn raise_alert(
        &self,
        alert: Alert,
        member: Option<String>,
        name: Option<String>,
        birth_date: Option<String>,
    ) -> Result<AlertOutcome> {
        let member = member.map(|member| parsed(&member, "member")).transpose()?;
        let birth_date = birth_date.map(|date| day(&date, "birth_date")).transpose()?;
        let alert = alert.raised(caseline::alert::Matched::ByMemberId)?;
        let input = caseline::AlertInput { member, name, birth_date, alert };
        self.client.local(move |caseline| Ok(AlertOutcome::from(caseline.raise_alert(&input)?))).await
    }

    /// The cases of this device, the oldest first.
    pub async fn cases(&self) -> Result<Vec<Arc<Case>>> {
        let ids = |caseline: &caseline::Caseline| {
            Ok(caseline.cases()?.iter().map(caseline::Case::id).collect::<Vec<_>>())
        };
        Ok(self.client.local(ids).await?.into_iter().map(|id| Case::new(&self.client, id)).collect())
    }

    /// One case.
    ///
    /// # Errors
    /// `NotFound` (`case`).
    pub async fn case(&self, id: String) -> Result<Arc<Case>> {
        let id = parsed(&id, "case")?;
        let found = self.client.local(move |caseline| Ok(caseline.case(id)?.id())).await?;
        Ok(Case::new(&self.client, found))
    }

    /// What is owed in all cases, by whom, who is next on the ladder; what is due first comes first.
    pub async fn due(&self) -> Result<Vec<Due>> {
        self.client.local(|caseline| Ok(caseline.due()?.iter().map(Due::from).collect())).await
    }

    /// How far the queues are.
    pub async fn outbox(&self) -> Result<OutboxStatus> {
        self.client.local(|caseline| Ok(caseline.outbox()?.into())).await
    }

    /// Takes over what the homeserver has and sends what waits, until nothing waits or the time is over. True where nothing
    /// waits.
    pub async fn settle(&self, within: Duration) -> Result<bool> {
        self.client.call(move |caseline| async move { Ok(caseline.settle(within).await?) }).await
    }

    /// Verifies the audit chain.
    pub async fn audit(&self) -> Result<AuditStatus> {
        self.client.local(|caseline| Ok(AuditStatus::from(&caseline.audit()?))).await
    }

    /// Resources of one type in the record.
    ///
    /// # Errors
    /// `Unavailable` where the record does not answer; `NotFound` without a record.
    pub async fn resources(&self, kind: String) -> Result<Vec<Resource>> {
        let found = |caseline: caseline::Caseline| async move {
            Ok(caseline.resources(&kind).await?.into_iter().map(Resource::from).collect())
        };
        self.client.call(found).await
    }

    /// One resource of the record, by the record's own id.
    ///
    /// # Errors
    /// `NotFound`, also without a record; `Unavailable` where the record does not answer.
    pub async fn resource(&self, kind: String, id: String) -> Result<Resource> {
        let found = |caseline: caseline::Caseline| async move {
            Ok(Resource::from(caseline.resource(&kind, &id).await?))
        };
        self.client.call(found).await
    }

    /// Changes a resource of the record, as it was in the version that was looked at: these elements, and no other byte. Where
    /// somebody else changed it since, nothing is written, unless it says already what is wanted: so that it is safe to repeat, and a
    /// place in a list is what stood there when it was looked at. It is entered in the audit before it is tried.
    ///
    /// # Errors
    /// `InvalidInput`, naming the element; `Conflict` (`changed-meanwhile`): look at it again; `NotFound`, also of a version that the
    /// record does not have any more (`version`); `Unavailable` where the record does not answer: then the outcome is unknown.
    pub async fn edit_resource(
        &self,
        kind: String,
        id: String,
        version: String,
        edits: Vec<ResourceEdit>,
    ) -> Result<Resource> {
        let edited = |caseline: caseline::Caseline| async move {
            let base = caseline.resource_at(&kind, &id, &version).await?;
            let ours = ResourceEdit::all(&edits, &base.json)?;
            let stored = caseline.save_resource(&kind, &base, &ours).await.map_err(caseline::Error::from)?;
            Ok(Resource::from(stored))
        };
        self.client.call(edited).await
    }

    /// The resources of one type that match every parameter, as FHIR's search spells them: `patient` and `Patient/7`, `status` and
    /// `active`.
    ///
    /// # Errors
    /// `NotFound` without a record; `InvalidInput` for a parameter that the record does not know; `Unavailable`.
    pub async fn find_resources(&self, kind: String, params: Vec<SearchParam>) -> Result<Vec<Resource>> {
        let found = |caseline: caseline::Caseline| async move {
            let params: Vec<(&str, &str)> =
                params.iter().map(|one| (one.name.as_str(), one.value.as_str())).collect();
            let found = caseline.find_resources(&kind, &params).await?;
            Ok(found.into_iter().map(Resource::from).collect())
        };
        self.client.call(found).await
    }

    /// Creates a resource, unless one of its first identifier (or tag, where its type has no identifier) is there already: then that
    /// one is the answer. It is entered in the audit before it is tried.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that it breaks, or `create-unnamed`; `NotAllowed` or `Unavailable` as the record answers.
    pub async fn create_resource(&self, kind: String, json: String) -> Result<Resource> {
        let created = |caseline: caseline::Caseline| async move {
            let created = caseline.create_resource(&kind, &json).await.map_err(caseline::Error::from)?;
            Ok(Resource::from(created.stored))
        };
        self.client.call(created).await
    }

    /// Looks at what others changed in the record since the last look: a care team of a case's member becomes a proposal to its
    /// roster (`team_proposals` of its state), a care plan that was sent is told to have changed (`changed` of the plan). It happens by
    /// itself every minute while this client runs. Where the organisation has a keeper, a lead's device tells at its second look.
    ///
    /// # Errors
    /// `Unavailable` where the record does not answer.
    pub async fn look_at_record(&self) -> Result<()> {
        self.client.call(|caseline| async move { Ok(caseline.look_at_record().await?) }).await
    }

    /// What the organisation's server does not take, and is kept in the embedded record instead. It is offered again at each
    /// start.
    pub async fn kept(&self) -> Result<Vec<Kept>> {
        self.client.local(|caseline| Ok(caseline.kept()?.into_iter().map(Kept::from).collect())).await
    }

    /// Hints that something happened, from now on; to be pulled.
    ///
    /// # Errors
    /// `SignInRequired` (`shut-down`).
    pub fn events(&self) -> Result<Arc<Events>> {
        Ok(Events::new(self.client.peek(caseline::Caseline::notices)?, self.client.closed()))
    }

    /// The same, told to a listener until the subscription is cancelled or let go of.
    ///
    /// # Errors
    /// `SignInRequired` (`shut-down`).
    pub fn listen(&self, listener: Arc<dyn Listener>) -> Result<Arc<Subscription>> {
        let notices = self.client.peek(caseline::Caseline::notices)?;
        Subscription::start(notices, self.client.closed(), listener)
    }

    /// Stops syncing and sending, for example while an app is in the background. What is accepted meanwhile is kept.
    pub async fn suspend(&self) -> Result<()> {
        let suspended = |caseline: caseline::Caseline| async move {
            caseline.suspend().await;
            Ok(())
        };
        self.client.call(suspended).await
    }

    /// Goes on after [`Caseline::suspend`].
    pub async fn resume(&self) -> Result<()> {
        let resumed = |caseline: caseline::Caseline| async move {
            caseline.resume().await;
            Ok(())
        };
        self.client.call(resumed).await
    }

    /// Ends this client: pending calls end, its streams too, and its store is closed when this returns. What was accepted
    /// goes on at the next start. A second time it does nothing.
    pub async fn shutdown(&self) -> Result<()> {
        self.client.shutdown().await
    }
}
