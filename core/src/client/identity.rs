//! Whom we write to is who they were at first sight, until a person says that they are somebody new.

use crate::client::{Caseline, running};
use crate::error::{Error, InvalidInput, Result};
use crate::id::UserId;
use crate::store::papers::repin;

/// The cryptographic identity of somebody: their cross-signing master key (Matrix specification, "Cross-signing").
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// Whose.
    pub user: UserId,
    /// The key that their homeserver gives for them now, in unpadded base64. Read it to each other over the phone.
    pub key: String,
    /// The key that they had at first sight, where that is another one: what is sent to them is held meanwhile, and what
    /// they write from their new devices is not believed.
    pub changed_from: Option<String>,
}

impl Caseline {
    /// The identity of somebody; nothing where they have none, since they never signed in.
    ///
    /// # Errors
    /// `Unavailable` where their homeserver does not answer.
    pub async fn identity(&self, user: &UserId) -> Result<Option<Identity>> {
        let recipients = self.engine.transport.recipients(std::slice::from_ref(user)).await?;
        let recipient = recipients.into_iter().next();
        if recipient.as_ref().is_some_and(|found| found.silent && found.identity.is_none()) {
            return Err(Error::Unavailable { what: "homeserver", retry_after: None });
        }
        let Some(key) = recipient.and_then(|recipient| recipient.identity) else {
            return Ok(None);
        };
        let pinned = self.engine.db.pinned(user, &key)?;
        Ok(Some(Identity { user: user.clone(), changed_from: (pinned != key).then_some(pinned), key }))
    }

    /// Believes the new identity of somebody who has lost the old one with all its devices: what was held for them goes out,
    /// and what they wrote since is read. `key` is the one that a person has compared with them by another way, such as a
    /// call to the number in the directory: a homeserver can give out an identity that is nobody's.
    ///
    /// # Errors
    /// `NotFound` (`identity`) where they have none; `InvalidInput` (`identity-key`) where theirs is another one by now;
    /// `Unavailable` where their homeserver does not answer.
    pub async fn trust_identity(&self, user: &UserId, key: &str) -> Result<()> {
        let identity = self.identity(user).await?.ok_or(Error::NotFound { what: "identity" })?;
        if identity.key != key {
            let detail = "this is not the key that they have now; compare it with them again";
            return Err(InvalidInput::new("identity-key", detail).field("key").into());
        }
        self.engine.transport.believe(user, key).await?;
        self.engine.db.write(|t| repin(t, user, key))?;
        running::wake(&self.engine);
        running::read_waiting(&self.engine).await
    }
}
