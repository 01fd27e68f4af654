//! How a step is read.

use std::fmt;

use jiff::civil::DateTime;
use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor};

use super::StepKind;

/// A step before its clock is put on the story's time zone.
#[allow(clippy::large_enum_variant)]
pub(in crate::story) enum Written {
    Clock(DateTime),
    Kind(StepKind),
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StepVisitor)
    }
}

struct StepVisitor;

impl<'de> Visitor<'de> for StepVisitor {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a step: a person and what they do, or one of clock, note, kill, start, offline, online, settle",
        )
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
        let Some(key) = map.next_key::<String>()? else {
            return Err(de::Error::custom("a step may not be empty"));
        };
        let step = match key.as_str() {
            "clock" => Written::Clock(map.next_value()?),
            "note" => Written::Kind(StepKind::Note(map.next_value()?)),
            "kill" => Written::Kind(StepKind::Kill(map.next_value()?)),
            "start" => Written::Kind(StepKind::Start(map.next_value()?)),
            "offline" => Written::Kind(StepKind::Offline(map.next_value()?)),
            "online" => Written::Kind(StepKind::Online(map.next_value()?)),
            "settle" => {
                map.next_value::<de::IgnoredAny>()?;
                Written::Kind(StepKind::Settle)
            }
            _ => Written::Kind(StepKind::Deed { deed: map.next_value()?, who: key }),
        };
        if map.next_key::<String>()?.is_some() {
            return Err(de::Error::custom(
                "a step has one key: who acts, or what happens; begin another with `-`",
            ));
        }
        Ok(step)
    }
}
