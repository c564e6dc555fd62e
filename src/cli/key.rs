//! `pointchaud key`: creates, lists, rotates and revokes the keys of a store.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::cli::shared::{StoreArguments, jurisdiction_id, unwritable, with_writer};
use crate::domain::{AccessKey, JurisdictionId, Role, end_of_day, key_name};
use crate::error::{Error, Refusal, Result};
use crate::message;
use crate::store::Reader;
use crate::usecase::access::{self, NewKey};
use crate::usecase::jurisdictions;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Create a key and print its secret, once: it cannot be shown again.
    Create(Create),
    /// List the keys: name, role, cities, state, end, last day of use.
    List,
    /// Revoke a key: a running service refuses it within a second.
    Revoke {
        /// Its name.
        name: String,
    },
    /// Give a key another secret and print it; the present one is accepted for a while more.
    Rotate(Rotate),
}

#[derive(Debug, Args)]
struct Create {
    /// Name of the key: of a person or a program, as histories show it to holders of keys.
    #[arg(long)]
    name: String,
    /// What its holder may do: app, agent, crew, supervisor or admin.
    #[arg(long)]
    role: String,
    /// City that it is for; may be given several times (default: all, also later ones).
    #[arg(long, value_name = "ID")]
    jurisdiction: Vec<String>,
    /// When it ends: a day that is its last (2027-01-31, UTC), an instant
    /// (2027-01-31T17:00:00-05:00), or from now (90d, 24h, 30m) (default: never).
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    #[command(flatten)]
    output: SecretOutput,
}

#[derive(Debug, Args)]
struct Rotate {
    /// Its name.
    name: String,
    /// How long the present secret is still accepted, such as 24h, 7d or 0m.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    overlap: String,
    #[command(flatten)]
    output: SecretOutput,
}

#[derive(Debug, Args)]
struct SecretOutput {
    /// Write the secret to this new file, which only the present user can read, instead of
    /// standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let path = arguments.store.existing()?;
    match &arguments.what {
        What::Create(create) => create.run(&path)?,
        What::List => print_all(&path)?,
        What::Revoke { name } => {
            with_writer(&path, "key revoke", |writer| {
                access::revoke(writer, name, Timestamp::now())
            })?;
            eprintln!("revoked {name}");
        }
        What::Rotate(rotate) => rotate.run(&path)?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Create {
    fn run(&self, path: &Path) -> Result<()> {
        let refused =
            |field, value: &str, message| Error::from(Refusal::new(field, value, message));
        let name =
            key_name(&self.name).map_err(|message| refused("--name", &self.name, message))?;
        let role = Role::parse(&self.role).ok_or_else(|| {
            let roles = Role::spellings();
            refused("--role", &self.role, message!("doit être {roles}", "must be {roles}"))
        })?;
        let now = Timestamp::now();
        let expires = self.expires.as_deref().map(|text| end(text, now)).transpose()?;
        let cities = self.cities(&Reader::open(path)?)?;
        let mut output = self.output.open()?;
        let new = NewKey { name, role, cities, expires };
        let created = with_writer(path, "key create", |writer| access::create(writer, new, now));
        output.finish(created)
    }

    fn cities(&self, reader: &Reader) -> Result<Option<Vec<JurisdictionId>>> {
        if self.jurisdiction.is_empty() {
            return Ok(None);
        }
        let stored = |text: &String| {
            let id = jurisdiction_id("--jurisdiction", text)?;
            jurisdictions::stored(reader, &id)?;
            Ok(id)
        };
        self.jurisdiction.iter().map(stored).collect::<Result<Vec<_>>>().map(Some)
    }
}

impl Rotate {
    fn run(&self, path: &Path) -> Result<()> {
        let overlap = seconds(&self.overlap).ok_or_else(|| {
            let message =
                message!("doit être une durée : 30m, 24h ou 7d", "must be a time: 30m, 24h or 7d");
            Refusal::new("--overlap", &self.overlap, message)
        })?;
        let mut output = self.output.open()?;
        let now = Timestamp::now();
        let rotated = with_writer(path, "key rotate", |writer| {
            access::rotate(writer, &self.name, overlap, now)
        });
        output.finish(rotated)
    }
}

/// Where a secret is written. The file is made before the key, so that no secret is lost.
struct OpenOutput<'a>(Option<(&'a Path, std::fs::File)>);

impl SecretOutput {
    fn open(&self) -> Result<OpenOutput<'_>> {
        let Some(path) = &self.out else { return Ok(OpenOutput(None)) };
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = opened.map_err(unwritable("--out", path))?;
        Ok(OpenOutput(Some((path, file))))
    }
}

impl OpenOutput<'_> {
    fn finish(&mut self, secret: Result<String>) -> Result<()> {
        match (secret, &mut self.0) {
            (Ok(secret), None) => println!("{secret}"),
            (Ok(secret), Some((path, file))) => {
                let written = writeln!(file, "{secret}").and_then(|()| file.sync_all());
                written.map_err(unwritable("--out", path))?;
                eprintln!("the secret is in {}", path.display());
            }
            (Err(error), None) => return Err(error),
            (Err(error), Some((path, _))) => {
                let _gone = std::fs::remove_file(path);
                return Err(error);
            }
        }
        Ok(())
    }
}

/// The second of Unix time at which a key ends.
fn end(text: &str, now: Timestamp) -> Result<i64> {
    let day = text.parse::<Date>().ok().filter(|_| !text.contains(['T', 't']));
    let begins = day.and_then(|day| day.to_zoned_datetime(TimeZone::UTC).ok());
    let last_of_day = begins.map(|at| end_of_day(at.timestamp().as_second(), &TimeZone::UTC));
    let end = match (seconds(text), last_of_day, text.parse::<Timestamp>()) {
        (Some(seconds), _, _) => now.as_second().checked_add(seconds),
        (None, Some(end), _) => Some(end),
        (None, None, Ok(instant)) => Some(instant.as_second()),
        _ => None,
    };
    let refused = |message| Error::from(Refusal::new("--expires", text, message));
    match end {
        Some(end) if end > now.as_second() => Ok(end),
        Some(_) => Err(refused(message!("est déjà passé", "is in the past"))),
        None => Err(refused(message!(
            "doit être un jour (2027-01-31), un instant (2027-01-31T17:00:00Z) ou une durée (90d)",
            "must be a day (2027-01-31), an instant (2027-01-31T17:00:00Z) or a time (90d)"
        ))),
    }
}

/// The longest duration until the end of a key: a hundred years, in seconds.
const DURATION_S_MAX: i64 = 100 * 366 * 86_400;

/// The seconds of a duration: a number with d, h or m.
fn seconds(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        _ => return None,
    };
    let number: u32 = text.get(..text.len() - 1)?.parse().ok()?;
    i64::from(number).checked_mul(unit).filter(|seconds| *seconds <= DURATION_S_MAX)
}

fn print_all(path: &Path) -> Result<()> {
    let keys = Reader::open(path)?.access_keys()?;
    if keys.is_empty() {
        println!("no key yet: 'key create' makes one");
    }
    let now = Timestamp::now().as_second();
    for key in &keys {
        println!("{}", described(key, now));
    }
    Ok(())
}

fn described(key: &AccessKey, now: i64) -> String {
    let ids = |cities: &Vec<JurisdictionId>| {
        cities.iter().map(JurisdictionId::as_str).collect::<Vec<_>>().join(" ")
    };
    let cities = key.cities.as_ref().map_or_else(|| "all cities".to_owned(), ids);
    let time = |second: i64| {
        Timestamp::from_second(second).map_or_else(|_| "?".into(), |at| at.to_string())
    };
    let end = key.expires.map_or_else(|| "never".to_owned(), time);
    let used = key.used_day.as_deref().unwrap_or("never");
    let (name, role, state) = (&key.name, key.role, key.state(now).as_str());
    format!("{name}: {role}, {cities}, {state}, expires {end}, last used {used}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_key_is_a_day_an_instant_or_a_time_from_now() {
        let now: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
        assert_eq!(end("2027-01-31", now).unwrap(), at("2027-02-01T00:00:00Z"));
        let instant = end("2027-01-31T17:00:00-05:00", now).unwrap();
        assert_eq!(instant, at("2027-01-31T22:00:00Z"));
        assert_eq!(end("90d", now).unwrap(), now.as_second() + 90 * 86_400);
        for bad in [
            "",
            "d",
            "90",
            "-1d",
            "2026-12-30",
            "2026-12-31T00:00:00Z",
            "0h",
            "é",
            "soon",
            "99999999d",
        ] {
            let refused = end(bad, now).unwrap_err().to_string();
            assert!(refused.contains("--expires"), "{refused}");
        }
    }
}
