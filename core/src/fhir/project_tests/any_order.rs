//! Whatever came in whatever order, the projection is the same and breaks no rule. All data is synthetic.

use proptest::prelude::*;

use super::*;
use crate::case::fold::tests::world::{acts, play};

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_projection_is_a_function_of_the_set_of_events(acts in acts(false)) {
        let events = play(&acts);
        let reversed: Vec<Held> = events.iter().rev().cloned().collect();
        let one_by_one = {
            let mut fold = Fold::new();
            for event in &events {
                fold.insert(event.clone());
            }
            fold
        };
        let text = &inline;
        let whole = project(folded(&events).state(), &own(), text);
        prop_assert_eq!(&whole, &project(folded(&reversed).state(), &own(), text));
        prop_assert_eq!(&whole, &project(one_by_one.state(), &own(), text));
        for write in &whole {
            prop_assert!(check(&write.kind, &write.json).is_ok(), "{}", write.json);
            prop_assert_eq!(crate::fhir::check(&write.json).unwrap(), [], "{}", write.json);
        }
    }
}
