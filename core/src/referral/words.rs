//! The words of a referral: what is asked for, which fields go along, and what became of it.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$one:meta])* $variant:ident = $code:literal, $words:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$one])* $variant,)*
        }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// A stable code.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// The one of a code.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }

            /// What a person reads of it.
            pub fn words(self) -> &'static str {
                match self {
                    $(Self::$variant => $words,)*
                }
            }
        }
    };
}

words! {
    /// What kind of service is asked for.
    ServiceCode {
        /// Food, meals, what one needs to cook.
        Nutrition = "nutrition", "nutrition";
        /// A home, or what makes one safe to live in.
        Housing = "housing", "housing";
        /// How one gets somewhere.
        Transport = "transport", "transport";
        /// Heat, light, a telephone.
        Utilities = "utilities", "utilities";
        /// Work and training.
        Employment = "employment", "employment";
        /// Something else.
        #[serde(other)]
        Other = "other", "a social service";
    }
}

// Not derived, since `serde(other)` and a default of an enum made by a macro do not go together.
#[allow(clippy::derivable_impls)]
impl Default for ServiceCode {
    fn default() -> Self {
        Self::Other
    }
}

words! {
    /// A field of the member's that a consent can name, and that a referral can tell. The member's numbers are none of them.
    Field {
        /// The name.
        Name = "name", "Name";
        /// The date of birth.
        BirthDate = "birth-date", "Date of birth";
        /// The telephone number.
        Phone = "phone", "Telephone";
        /// The address.
        Address = "address", "Address";
        /// The language that one speaks with them.
        Language = "language", "Language";
        /// Who lives with them.
        Household = "household", "Household";
    }
}

words! {
    /// Why a referral cannot go to its agency yet.
    Hold {
        /// Nobody is known whom one could reach there.
        NoContact = "no-contact", "nobody is known whom one could reach there";
        /// One can call there, and nobody has an account.
        NoAccount = "no-account", "nobody there has an account: call";
        /// No agreement for referrals is in force with it.
        NoAgreement = "no-agreement", "no agreement for referrals is in force with it";
    }
}

impl Hold {
    /// The code under which it is shown: `referral-no-contact`, `referral-no-account` or `referral-no-agreement`.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoContact => "referral-no-contact",
            Self::NoAccount => "referral-no-account",
            Self::NoAgreement => "referral-no-agreement",
        }
    }
}

words! {
    /// Whether an agency has a place.
    Capacity {
        /// There is one.
        Yes = "yes", "there is a place";
        /// There will be one.
        Waitlist = "waitlist", "there is a waiting list";
        /// There is none.
        No = "no", "there is no place";
    }
}

words! {
    /// What came of a referral.
    OutcomeCode {
        /// It was done.
        Provided = "provided", "it was provided";
        /// Some of it was done.
        Partly = "partly", "it was provided in part";
        /// It was not done.
        NotProvided = "not-provided", "it was not provided";
    }
}

words! {
    /// Why an agency is to stop.
    Cancellation {
        /// The consent has ended or was taken back.
        ConsentEnded = "consent-ended", "the consent for it has ended";
        /// It is not needed any more.
        NotNeeded = "not-needed", "it is not needed any more";
    }
}

words! {
    /// What happened with the agency, as it is told in the case.
    Told {
        /// It was asked whether there is a place.
        CapacityAsked = "capacity-asked", "was asked whether there is a place";
        /// There is a place.
        Places = "places", "has a place";
        /// There is a waiting list.
        Waitlist = "waitlist", "has a waiting list";
        /// There is no place.
        NoPlaces = "no-places", "has no place";
        /// It will do it.
        Accepted = "accepted", "has accepted";
        /// It will not do it.
        Declined = "declined", "has declined";
        /// It has another one do it.
        SubReferred = "sub-referred", "has another organization do it";
        /// It was done.
        Provided = "provided", "has provided it";
        /// Some of it was done.
        Partly = "partly", "has provided some of it";
        /// It was not done.
        NotProvided = "not-provided", "could not provide it";
        /// The referrer has the outcome: the loop is closed.
        Closed = "closed", "is done: the loop is closed";
        /// It was told to stop.
        Cancelled = "cancelled", "was told to stop";
    }
}

impl Told {
    /// Whether the referral is over with it.
    pub fn ends(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled)
    }
}
