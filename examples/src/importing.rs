//! A Bundle that a record takes once it answers.

use std::time::Duration;

use caseline::Error;

/// The longest wait between two attempts.
const LONGEST: Duration = Duration::from_mins(5);

/// Imports by `import`, again and again while the record does not answer or is signed out; `first` is the first wait. `told`
/// hears of that once for each code.
///
/// # Errors
/// What asking again does not mend: the Bundle is not one that the record takes.
pub async fn until_answered<T: Future<Output = Result<usize, Error>>>(
    mut import: impl FnMut() -> T,
    first: Duration,
    mut told: impl FnMut(&Error),
) -> Result<usize, Error> {
    let (mut wait, mut trouble) = (first, None);
    loop {
        match import().await {
            Err(error @ (Error::Unavailable { .. } | Error::SignInRequired { .. })) => {
                if trouble.replace(error.code()) != Some(error.code()) {
                    told(&error);
                }
            }
            done => return done,
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, clippy::panic)]
    use super::*;
    use caseline::error::InvalidInput;

    #[tokio::test]
    async fn a_record_that_is_down_is_asked_again_and_a_bundle_that_is_wrong_is_not() {
        let down = || Error::Unavailable { what: "server", retry_after: None };
        let signed_out = || Error::SignInRequired { code: "session-ended", detail: "synthetic" };
        let mut answers = vec![Ok(3), Err(down()), Err(signed_out()), Err(signed_out()), Err(down())];
        let mut told = Vec::new();
        let done = until_answered(
            || std::future::ready(answers.pop().expect("not asked again")),
            Duration::ZERO,
            |error| told.push(error.code()),
        );
        assert_eq!(done.await.expect("imported"), 3);
        assert_eq!(told, ["unavailable", "session-ended", "unavailable"]);

        let mut answers = vec![Err(InvalidInput::new("not-a-bundle", "synthetic").into())];
        let done = until_answered(
            || std::future::ready(answers.pop().expect("not asked again")),
            Duration::ZERO,
            |_| panic!("nothing to wait for"),
        );
        assert_eq!(done.await.expect_err("refused").code(), "not-a-bundle");
    }
}
