//! `pointchaud erase`: erases parts of reports, and lists what was erased.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::notes::counted;
use crate::cli::shared::{
    JurisdictionArguments, PrivateKeyArguments, StoreArguments, catalogues, with_keys,
};
use crate::domain::{ErasableField, Jurisdiction, JurisdictionId, ReportId, ReportTime};
use crate::error::{Error, Refusal, Result};
use crate::media::PhotoStore;
use crate::message;
use crate::store::{Reader, Writer};
use crate::usecase::erasure::{
    Eraser, ErasureOutcome, ErasureTarget, moment, remove_erased_photos, rewrite_if_due, to_the_end,
};

/// Who erases by this command, in the history.
const AUTHOR: &str = "erase";

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    whose: JurisdictionArguments,
    #[command(flatten)]
    keys: PrivateKeyArguments,
    /// Erase of these reports.
    #[arg(long, value_name = "ID", num_args = 1..)]
    report: Vec<String>,
    /// Erase of the reports whose sender has this e-mail address, telephone number, account or
    /// device.
    #[arg(long, value_name = "EMAIL_OR_PHONE")]
    contact: Option<String>,
    /// Erase of the reports made longer ago (30d, 6w, 18m, 2y) or before a day (2024-01-01).
    #[arg(long, value_name = "DURATION|DATE")]
    older_than: Option<String>,
    /// Erase what the cities keep no longer (`pointchaud city set CITY --retain …`).
    #[arg(long)]
    expired: bool,
    /// Erase again what a list of `--list` names: after a backup was restored.
    #[arg(long, value_name = "MANIFEST", conflicts_with_all = ["report", "contact", "older_than"])]
    from: Option<PathBuf>,
    /// What is erased, separated by commas: contact, photos, description, answers, history
    /// (default: all).
    #[arg(long, default_value = "", hide_default_value = true)]
    fields: String,
    /// Only say of which reports.
    #[arg(long)]
    dry_run: bool,
    /// List what was erased: a line for each report, to be kept beside the backups.
    #[arg(long, conflicts_with_all = ["report", "contact", "older_than", "expired", "from"])]
    list: bool,
    /// First moment of the list: a day, or a time with its offset.
    #[arg(long, requires = "list")]
    since: Option<String>,
    /// Where photos are stored (default: a folder beside the store).
    #[arg(long, env = "POINTCHAUD_MEDIA")]
    media: Option<String>,
    /// Do not write the store's file anew at the end. Without that, copies of erased bytes may stay
    /// in unused parts of the file until the service does it, once a day.
    #[arg(long)]
    no_rewrite: bool,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let path = arguments.store.existing()?;
    let keys = Arc::new(arguments.keys.of(&path));
    let reader = Reader::open_with_keys(&path, keys.clone())?;
    if arguments.list {
        print_list(&reader, arguments.since.as_deref())?;
        return Ok(ExitCode::SUCCESS);
    }
    let work = arguments.work(&reader)?;
    let count = with_keys((&path, "erase"), keys, |writer| {
        let mut count = 0;
        for (city, job) in &work {
            let outcome = arguments.erase(&reader, writer, city, job)?;
            count += outcome.reports.len() as u64;
            if arguments.dry_run {
                outcome.reports.iter().for_each(|id| println!("{city} {id}"));
            }
        }
        if !arguments.dry_run {
            let media = crate::cli::serve::media(arguments.media.as_deref(), &path);
            let photos = remove_photos(&reader, writer, &media)?;
            if photos > 0 {
                println!("{} removed", counted(photos, "photo"));
            }
            if !arguments.no_rewrite {
                rewrite_if_due(&reader, writer)?;
            }
        }
        Ok(count)
    })?;
    let verb = if arguments.dry_run { "would be erased in" } else { "erased in" };
    println!("{verb} {}", counted(count, "report"));
    Ok(ExitCode::SUCCESS)
}

/// What is erased of a city.
enum EraseJob {
    /// Fields of a target's reports.
    Target(ErasureTarget, Vec<ErasableField>),
    /// What it keeps no longer.
    Expired,
}

impl Arguments {
    /// What is to be erased, city by city.
    fn work(&self, reader: &Reader) -> Result<Vec<(JurisdictionId, EraseJob)>> {
        let refused = |message| Error::from(Refusal::new("--fields", &self.fields, message));
        let fields = ErasableField::list(&self.fields).map_err(refused)?;
        if let Some(path) = &self.from {
            return manifest(path);
        }
        if self.expired {
            let all = reader.jurisdictions()?.into_iter();
            return Ok(all.map(|(city, _)| (city.id, EraseJob::Expired)).collect());
        }
        let city = self.whose.of(reader)?;
        let target = self.target(reader, &city)?;
        if target == ErasureTarget::default() {
            let message = message!(
                "manque : dites ce qui est à effacer (--report, --contact, --older-than, \
                 --expired ou --from)",
                "is missing: say what is to be erased (--report, --contact, --older-than, \
                 --expired or --from)"
            );
            return Err(Refusal::new("--report", "", message).into());
        }
        Ok(vec![(city.id, EraseJob::Target(target, fields))])
    }

    fn target(&self, reader: &Reader, city: &Jurisdiction) -> Result<ErasureTarget> {
        let mut reports = Vec::with_capacity(self.report.len());
        for text in &self.report {
            let id = ReportId::new(text)
                .map_err(|message| Error::from(Refusal::new("--report", text, message)))?;
            if reader.history(&city.id, &id)?.is_empty()
                && reader.get(&city.id, id.as_str())?.is_none()
            {
                return Err(Error::not_found(text));
            }
            reports.push(id);
        }
        let now = Timestamp::now();
        let before = self.older_than.as_deref().map(|text| {
            let refused = |message| Error::from(Refusal::new("--older-than", text, message));
            moment(text, &city.zone().map_err(refused)?, now).map_err(refused)
        });
        let (contact, before) = (self.contact.clone(), before.transpose()?);
        Ok(ErasureTarget { reports, contact, before, is_again: false })
    }

    fn erase(
        &self,
        reader: &Reader,
        writer: &Writer,
        jurisdiction: &JurisdictionId,
        job: &EraseJob,
    ) -> Result<ErasureOutcome> {
        let catalogue = Arc::new(catalogues()?.of(jurisdiction));
        let author = match job {
            EraseJob::Target(..) => AUTHOR,
            EraseJob::Expired => "retention",
        };
        let (author, goes_on) = (author.to_owned(), &to_the_end);
        let eraser = Eraser { reader, writer, jurisdiction, catalogue, author, goes_on };
        match job {
            EraseJob::Target(target, fields) => eraser.erase(target, fields, self.dry_run),
            EraseJob::Expired => eraser.erase_expired(Timestamp::now(), self.dry_run),
        }
    }
}

/// Removes the files of erased photos.
///
/// # Errors
/// The store; the photos cannot be reached.
fn remove_photos(reader: &Reader, writer: &Writer, media: &str) -> Result<u64> {
    if reader.erased_photos()?.is_empty() {
        return Ok(0);
    }
    let photos = PhotoStore::open(media)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::internal)?;
    remove_erased_photos(reader, writer, &mut |name| runtime.block_on(photos.erase(name)))
}

fn print_list(reader: &Reader, since: Option<&str>) -> Result<()> {
    let refused =
        |message| Error::from(Refusal::new("--since", since.unwrap_or_default(), message));
    let since = since.map(|text| ReportTime::parse(text, &TimeZone::UTC)).transpose();
    let since = since.map_err(refused)?.map(|when| when.as_instant().to_string());
    println!("# city, report, fields, erased at, by");
    for one in reader.erasures(since.as_deref().unwrap_or_default())? {
        let (city, report, fields) = (one.jurisdiction, one.report, one.fields);
        println!("{city}\t{report}\t{fields}\t{}\t{}", one.at, one.author);
    }
    Ok(())
}

/// Reads a list of `--list`: reports of one city and of the same fields are erased together.
fn manifest(path: &Path) -> Result<Vec<(JurisdictionId, EraseJob)>> {
    let shown = path.display();
    let refused = |message| Error::from(Refusal::new("--from", &shown, message));
    let text = std::fs::read_to_string(path).map_err(|error| {
        refused(message!("ne peut pas être lu : {error}", "cannot be read: {error}"))
    })?;
    let mut jobs: BTreeMap<(JurisdictionId, String), Vec<ReportId>> = BTreeMap::new();
    for (line, n) in text.lines().zip(1..).filter(|(line, _)| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        let (city, report, fields) = (cell(), cell(), cell());
        let read = JurisdictionId::new(city).ok().zip(ReportId::new(report).ok());
        match (read, ErasableField::list(fields)) {
            (Some((city, report)), Ok(_)) if !fields.is_empty() => {
                jobs.entry((city, fields.to_owned())).or_default().push(report);
            }
            _ if line.trim().is_empty() => {}
            _ => {
                let message = message!(
                    "n’est pas une liste de « erase --list » (ligne {n})",
                    "is no list of 'erase --list' (line {n})"
                );
                return Err(refused(message));
            }
        }
    }
    let job = |((city, fields), reports): ((JurisdictionId, String), Vec<ReportId>)| {
        let fields = ErasableField::list(&fields).unwrap_or_default();
        let target = ErasureTarget { reports, is_again: true, ..ErasureTarget::default() };
        (city, EraseJob::Target(target, fields))
    };
    Ok(jobs.into_iter().map(job).collect())
}
