//! A keeper's configuration: YAML, with secrets from the environment.

use std::path::{Path, PathBuf};

use caseline::agreement::{Agreement, RuleSet};
use caseline::id::{OrganizationId, UserId};
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::protocol::{RecordPlace, SignIn, key_bytes};
use crate::yaml::{self, Mistake};

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    homeserver: Spanned<String>,
    user: UserId,
    password_env: Spanned<String>,
    store: PathBuf,
    store_key_env: Spanned<String>,
    #[serde(default)]
    record: RecordWritten,
    organization: OrganizationId,
    agreements: Spanned<Vec<PathBuf>>,
    rules: Vec<PathBuf>,
    #[serde(default)]
    bundle: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum RecordWritten {
    #[default]
    Embedded,
    None,
    Fhir {
        url: Spanned<String>,
        #[serde(default)]
        token_env: Option<Spanned<String>>,
    },
}

/// What a keeper works with.
#[derive(Debug)]
pub struct Keeping {
    /// How it signs in.
    pub sign_in: SignIn,
    /// The texts of its agreements.
    pub agreements: Vec<String>,
    /// The texts of its rule sets.
    pub rules: Vec<String>,
    /// A transaction Bundle for its record: the directory, above all.
    pub bundle: Option<String>,
}

impl Keeping {
    /// Reads a configuration, the files that it names, and its secrets by `environment`.
    ///
    /// # Errors
    /// The first mistake, with its file, line and field. A secret's value is never part of it.
    pub fn read(file: &Path, environment: impl Fn(&str) -> Option<String>) -> Result<Self, Mistake> {
        let written: Written = yaml::parse(file, &yaml::text(file)?)?;
        let beside = |path: &PathBuf| file.parent().unwrap_or(Path::new("")).join(path);
        let web = |url: &Spanned<String>, field: &str| {
            if ["http://", "https://"].iter().any(|scheme| url.value.starts_with(scheme)) {
                Ok(url.value.clone())
            } else {
                let problem = "is an address that begins with https:// (or http:// on this machine)";
                Err(Mistake::new(file, problem).at(url.referenced.line(), field))
            }
        };
        let secret = |name: &Spanned<String>, field: &str| {
            environment(&name.value).filter(|secret| !secret.is_empty()).ok_or_else(|| {
                let problem = "names an environment variable that is not set";
                Mistake::new(file, problem).at(name.referenced.line(), field)
            })
        };
        let store_key = secret(&written.store_key_env, "store_key_env")?;
        if key_bytes(&store_key).is_none() {
            let problem = "names an environment variable that has not 64 hexadecimal digits";
            return Err(
                Mistake::new(file, problem).at(written.store_key_env.referenced.line(), "store_key_env")
            );
        }
        if written.agreements.value.is_empty() {
            let problem = "is empty: a keeper accepts cases only under an agreement";
            return Err(Mistake::new(file, problem).at(written.agreements.referenced.line(), "agreements"));
        }
        let mut record = RecordPlace::default();
        match &written.record {
            RecordWritten::Embedded => record.embedded = true,
            RecordWritten::None => record.none = true,
            RecordWritten::Fhir { url, token_env } => {
                record.fhir = Some(web(url, "record.fhir.url")?);
                let token = token_env.as_ref().map(|name| secret(name, "record.fhir.token_env"));
                record.token = token.transpose()?;
            }
        }
        let agreements =
            papers(written.agreements.value.iter().map(beside), |text| Agreement::parse(text).map(drop))?;
        let rules = papers(written.rules.iter().map(beside), |text| RuleSet::parse(text).map(drop))?;
        let bundle = written.bundle.as_ref().map(|path| yaml::text(&beside(path))).transpose()?;
        Ok(Self {
            sign_in: SignIn {
                homeserver: web(&written.homeserver, "homeserver")?,
                user: written.user.as_str().to_owned(),
                password: secret(&written.password_env, "password_env")?,
                store: beside(&written.store),
                store_key,
                record,
                organization: Some(written.organization),
            },
            agreements,
            rules,
            bundle,
        })
    }
}

/// Reads papers that core can parse; a mistake is told with the paper's own file, line and field.
fn papers(
    files: impl Iterator<Item = PathBuf>,
    parse: impl Fn(&str) -> caseline::Result<()>,
) -> Result<Vec<String>, Mistake> {
    files
        .map(|file| {
            let text = yaml::text(&file)?;
            match parse(&text) {
                Ok(()) => Ok(text),
                Err(caseline::Error::InvalidInput(wrong)) => {
                    let field = wrong.field.unwrap_or_default();
                    Err(Mistake::new(&file, wrong.detail).at(wrong.line.unwrap_or(0), field))
                }
                Err(other) => Err(Mistake::new(&file, other.to_string())),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const SOUND: &str = "\
homeserver: https://matrix.cp.example
user: '@keeper:cp.example'
password_env: PASSWORD
store: store
store_key_env: KEY
record: {fhir: {url: 'https://fhir.cp.example/r4', token_env: TOKEN}}
organization: https://caseline.example/organization|harbor-bridge
agreements: [agreement.yaml]
rules: [rules.yaml]
";

    fn read(text: &str, without: &str) -> Result<Keeping, Mistake> {
        let folder = tempfile::tempdir().unwrap();
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
        for paper in ["agreement.yaml", "rules.yaml"] {
            std::fs::copy(data.join(paper), folder.path().join(paper)).unwrap();
        }
        std::fs::write(folder.path().join("bad.yaml"), "id: x\nversion: 1\n").unwrap();
        let file = folder.path().join("keeper.yaml");
        std::fs::write(&file, text).unwrap();
        Keeping::read(&file, |name| match name {
            _ if name == without => None,
            "PASSWORD" => Some("a secret".into()),
            "TOKEN" => Some("a token".into()),
            "KEY" => Some("0a".repeat(32)),
            "SHORT" => Some("0a".into()),
            _ => None,
        })
    }

    #[test]
    fn a_sound_configuration_is_read() {
        let keeping = read(SOUND, "").unwrap();
        assert_eq!(keeping.sign_in.record.token.as_deref(), Some("a token"));
        assert!(keeping.sign_in.store.ends_with("store") && keeping.bundle.is_none());
        assert_eq!((keeping.agreements.len(), keeping.rules.len()), (1, 1));
        let embedded =
            SOUND.replace("{fhir: {url: 'https://fhir.cp.example/r4', token_env: TOKEN}}", "embedded");
        assert!(read(&embedded, "").unwrap().sign_in.record.embedded);
        assert!(!format!("{keeping:?}").contains("secret"));
    }

    #[test]
    fn a_mistake_names_its_line_and_field() {
        for (from, to, without, line, field, says) in [
            ("https://matrix", "matrix", "", 1, "homeserver", "https://"),
            ("@keeper", "keeper", "", 2, "user", "Matrix id"),
            ("", "", "PASSWORD", 3, "password_env", "not set"),
            ("", "", "KEY", 5, "store_key_env", "not set"),
            ("KEY", "SHORT", "", 5, "store_key_env", "64"),
            ("", "", "TOKEN", 6, "record.fhir.token_env", "not set"),
            ("agreements: [agreement.yaml]", "agreements: []", "", 8, "agreements", "empty"),
            ("rules:", "rulez:", "", 9, "rulez", "unknown field"),
        ] {
            let mistake = read(&SOUND.replacen(from, to, 1), without).expect_err(field);
            assert_eq!((mistake.line, mistake.field.as_str()), (Some(line), field), "{mistake}");
            assert!(mistake.problem.contains(says), "{mistake}");
        }
        let mistake = read(&SOUND.replace("[agreement.yaml]", "[bad.yaml]"), "").unwrap_err();
        assert!(mistake.file.ends_with("bad.yaml") && mistake.line.is_some(), "{mistake}");
    }
}
