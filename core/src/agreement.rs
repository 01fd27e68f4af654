//! Agreements and rule sets: what two organisations settled, and the programme's dated clocks.

/// What two organisations settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {}

/// The programme's dated clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSet {}
