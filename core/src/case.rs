//! The case: its events, the state they fold into, its roster, and how a newcomer gets both.

pub mod event;
pub mod fold;
pub mod handover;
pub mod kind;
pub mod life;
pub mod name;
pub mod roster;
mod sensitive;
#[cfg(any(feature = "store", test))]
pub(crate) mod size;
pub mod state;
pub mod step;
pub mod tell;
