//! `pointchaud city`: lists, adds, changes and removes the cities of a store.

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::cli::notes::counted;
use crate::cli::shared::{
    StoreArguments, ask, catalogues, discarding_empty_store, jurisdiction_id, with_writer,
};
use crate::domain::{ErasableField, Jurisdiction, JurisdictionId, RetentionPeriod};
use crate::error::{Error, Refusal, Result};
use crate::i18n::{Language, format};
use crate::message;
use crate::place::BBox;
use crate::store::{Reader, SetRetention};
use crate::usecase::builtin_city;
use crate::usecase::jurisdictions::{self, ServicePolicies};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the cities in the order in which they were added.
    List,
    /// Add a city without reports. Québec and the cities of the built-in profiles are known by
    /// their id, with their name, time zone and extent.
    Add(CityOptions),
    /// Change the name, time zone or extent of a city.
    Set(CityOptions),
    /// Remove a city with all its reports.
    Remove(Remove),
}

#[derive(Debug, Args)]
struct CityOptions {
    /// Its jurisdiction; by convention the domain name of the city.
    id: String,
    /// Its name for people.
    #[arg(long)]
    name: Option<String>,
    /// Its time zone (IANA), in which times without an offset, days and hours are read.
    #[arg(long)]
    time_zone: Option<String>,
    /// Where its reports usually lie: west,south,east,north in degrees (west greater than east
    /// crosses the antimeridian), or auto to learn it from the reports.
    #[arg(long, allow_hyphen_values = true)]
    extent: Option<String>,
    /// How long a part of its reports is kept, such as contact=2y, photos=18m or description=none
    /// for ever: contact, photos, description, answers or history. May be given several times; of
    /// a city that exists.
    #[arg(long, value_name = "FIELD=PERIOD")]
    retain: Vec<String>,
    /// How the public sees the reports of a service or of a group of services: exact, street (the
    /// place to about 100 metres, no house number, no photo), cell (only numbers of reports, where
    /// several are) or hidden (nothing). May be repeated.
    #[arg(long, value_name = "SERVICE=POLICY")]
    visibility: Vec<String>,
    /// Whether the public reads the texts of the reports of a service or group: public, checked
    /// (the default: texts with personal words wait for a person), review (all texts wait) or crew
    /// (never). May be repeated.
    #[arg(long, value_name = "SERVICE=POLICY")]
    text: Vec<String>,
    /// Whether the public sees their photos: public (the default), review (they wait for a person)
    /// or crew (never). May be repeated.
    #[arg(long, value_name = "SERVICE=POLICY")]
    photos: Vec<String>,
}

#[derive(Debug, Args)]
struct Remove {
    /// Its jurisdiction.
    id: String,
    /// Remove it without asking.
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let store = &arguments.store;
    match &arguments.what {
        What::List => print_all(&store.existing()?)?,
        What::Add(city) => city.add(&store.path()?)?,
        What::Set(city) => city.set(&store.existing()?)?,
        What::Remove(city) => return city.run(&store.existing()?),
    }
    Ok(ExitCode::SUCCESS)
}

/// The edges of a box as the option `--extent` takes them.
pub fn edges(extent: &BBox) -> String {
    let BBox { west, south, east, north } = extent;
    format!("{west:.5},{south:.5},{east:.5},{north:.5}")
}

fn described(city: &Jurisdiction) -> String {
    let Jurisdiction { id, name, time_zone, extent, is_extent_learned } = city;
    let extent = match extent {
        None => "not known yet".to_owned(),
        Some(extent) if *is_extent_learned => format!("{} (learned)", edges(extent)),
        Some(extent) => edges(extent),
    };
    format!("{id}: {name}, time zone {time_zone}, extent {extent}")
}

fn print_all(store: &Path) -> Result<()> {
    let reader = Reader::open(store)?;
    let cities = reader.jurisdictions()?;
    if cities.is_empty() {
        println!("no city yet: the first import or 'city add' adds one");
    }
    for (city, _) in cities {
        let reports = counted(reader.report_count(&city.id)?, "report");
        println!("{}, {reports}", described(&city));
        print_policies(&reader, &city.id)?;
    }
    Ok(())
}

fn print_policies(reader: &Reader, id: &JurisdictionId) -> Result<()> {
    let table = reader.visibility(id)?;
    for (code, policy) in table.lines() {
        println!("  visibility of {code}: {policy}");
    }
    for (what, code, policy) in table.content_lines() {
        println!("  {what} of {code}: {policy}");
    }
    Ok(())
}

/// Reads west,south,east,north; `None` for `auto`.
fn extent(text: &str) -> Result<Option<BBox>> {
    if text == "auto" {
        return Ok(None);
    }
    let refused = |message| Error::from(Refusal::new("--extent", text, message));
    let shape = || {
        refused(message!(
            "doit être auto ou ouest,sud,est,nord en degrés (-71.6,46.7,-71.1,47.0)",
            "must be auto or west,south,east,north in degrees (-71.6,46.7,-71.1,47.0)"
        ))
    };
    let numbers: std::result::Result<Vec<f64>, _> =
        text.split(',').map(|number| number.trim().parse::<f64>()).collect();
    let numbers = numbers.map_err(|_| shape())?;
    let [west, south, east, north] = numbers.as_slice() else { return Err(shape()) };
    let extent = BBox::new(*west, *south, *east, *north).map_err(|outside| {
        let (axis, value) = (outside.axis, outside.value);
        refused(message!("{axis} {value} n’est pas sur la Terre", "{axis} {value} is not on Earth"))
    })?;
    if south >= north || west == east {
        return Err(refused(message!(
            "n’a pas de surface : le sud doit être sous le nord, l’ouest autre que l’est",
            "has no area: south must be below north, west other than east"
        )));
    }
    Ok(Some(extent))
}

/// Reads FIELD=PERIOD; `none` as the period keeps the field for ever.
fn retention(texts: &[String]) -> Result<Vec<(ErasableField, Option<RetentionPeriod>)>> {
    let read = |text: &String| {
        let refused = |message| Error::from(Refusal::new("--retain", text, message));
        let known = ErasableField::spellings();
        let pair = text.split_once('=');
        let pair = pair.and_then(|(name, period)| Some((ErasableField::parse(name)?, period)));
        let (field, period) = pair.ok_or_else(|| {
            refused(message!(
                "doit être CHAMP=DURÉE, le champ parmi : {known}",
                "must be FIELD=PERIOD, the field among: {known}"
            ))
        })?;
        match period {
            "none" => Ok((field, None)),
            period => Ok((field, Some(RetentionPeriod::parse(period).map_err(refused)?))),
        }
    };
    texts.iter().map(read).collect()
}

impl CityOptions {
    /// The city with the options of the command applied.
    fn applied_to(&self, mut city: Jurisdiction) -> Result<Jurisdiction> {
        if let Some(name) = &self.name {
            let name = name.trim();
            if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
                let message = message!(
                    "doit avoir de 1 à {NAME_CHARS_MAX} caractères",
                    "must have 1 to {NAME_CHARS_MAX} characters"
                );
                return Err(Refusal::new("--name", name, message).into());
            }
            name.clone_into(&mut city.name);
        }
        if let Some(zone) = &self.time_zone {
            city.time_zone.clone_from(zone);
        }
        if let Some(text) = &self.extent {
            city.extent = extent(text)?;
            city.is_extent_learned = false;
        }
        Ok(city)
    }

    /// The policies of the options, of services that the city has.
    fn policies(&self, reader: &Reader, id: &JurisdictionId) -> Result<ServicePolicies> {
        let mut catalogue = catalogues()?.of(id);
        reader.services(id)?.into_iter().for_each(|service| catalogue.add(service));
        Ok(ServicePolicies {
            visibility: jurisdictions::policies("--visibility", &self.visibility, &catalogue)?,
            texts: jurisdictions::policies("--text", &self.text, &catalogue)?,
            photos: jurisdictions::policies("--photos", &self.photos, &catalogue)?,
        })
    }

    fn add(&self, path: &Path) -> Result<()> {
        let id = jurisdiction_id("ID", &self.id)?;
        let city = match (builtin_city(&self.id)?, &self.time_zone) {
            (Some(known), _) => known,
            (None, Some(zone)) => Jurisdiction {
                name: self.id.clone(),
                id,
                time_zone: zone.clone(),
                extent: None,
                is_extent_learned: false,
            },
            (None, None) => {
                let message = message!(
                    "manque : les heures sont lues dans le fuseau de la ville (America/Toronto)",
                    "is missing: times are read in the city's time zone (America/Toronto)"
                );
                return Err(Refusal::new("--time-zone", "", message).into());
            }
        };
        let city = self.applied_to(city)?;
        discarding_empty_store(path, || {
            let reader = Reader::open(path)?;
            let policies = self.policies(&reader, &city.id)?;
            with_writer(path, "city add", |writer| {
                jurisdictions::add(&reader, writer, city.clone())?;
                match policies.is_empty() {
                    true => Ok(()),
                    false => jurisdictions::set_policies(writer, &city.id, policies),
                }
            })
        })?;
        println!("added {}", described(&city));
        Ok(())
    }

    fn set(&self, path: &Path) -> Result<()> {
        let id = jurisdiction_id("ID", &self.id)?;
        let is_same = self.name.is_none() && self.time_zone.is_none() && self.extent.is_none();
        let lists = [&self.retain, &self.visibility, &self.text, &self.photos];
        if is_same && lists.iter().all(|list| list.is_empty()) {
            let message = message!(
                "manque : dites ce qui change (--name, --time-zone, --extent, --retain, \
                 --visibility, --text, --photos)",
                "is missing: say what changes (--name, --time-zone, --extent, --retain, \
                 --visibility, --text, --photos)"
            );
            return Err(Refusal::new("--name", "", message).into());
        }
        let reader = Reader::open(path)?;
        let before = jurisdictions::stored(&reader, &id)?;
        let after = self.applied_to(before.clone())?;
        let retention = retention(&self.retain)?;
        let policies = self.policies(&reader, &id)?;
        with_writer(path, "city set", |writer| {
            if !retention.is_empty() {
                writer.execute(SetRetention { jurisdiction: id.clone(), retention })?;
            }
            if !policies.is_empty() {
                jurisdictions::set_policies(writer, &id, policies)?;
            }
            let base = catalogues()?.of(&id);
            match is_same {
                // With other policies the public may see other places.
                true => jurisdictions::learn_extent(&reader, writer, &id, &base).map(|_| ()),
                false => jurisdictions::set(&reader, writer, after, &base),
            }
        })?;
        print_policies(&reader, &id)?;
        let after = jurisdictions::stored(&reader, &id)?;
        println!("{}", described(&after));
        for (field, period) in reader.retention(&id)? {
            println!("  {field} is kept {period}");
        }
        if after.time_zone != before.time_zone {
            println!(
                "  stored times stay the instants that they are; days and hours are now those of \
                 {}. Times without an offset that were imported before were read in {}: import \
                 their file again to read them anew.",
                after.time_zone, before.time_zone
            );
        }
        Ok(())
    }
}

/// Longest name of a city, in characters.
const NAME_CHARS_MAX: usize = 120;

impl Remove {
    fn run(&self, path: &Path) -> Result<ExitCode> {
        let id = jurisdiction_id("ID", &self.id)?;
        let reader = Reader::open(path)?;
        let city = jurisdictions::stored(&reader, &id)?;
        let reports = reader.report_count(&id)?;
        if !self.yes && !confirmed(&city, &id, reports)? {
            println!("nothing was removed");
            return Ok(ExitCode::from(1));
        }
        let removed =
            with_writer(path, "city remove", |writer| jurisdictions::remove(writer, &id))?;
        let (removed, whose) = (counted(removed, "report"), whose(removed));
        println!("{id}: removed, with {removed} and {whose} history; photos stay in their folder");
        Ok(ExitCode::SUCCESS)
    }
}

/// The possessive of so many reports.
fn whose(reports: u64) -> &'static str {
    if reports == 1 { "its" } else { "their" }
}

/// Asks on a terminal whether a city is to be removed; elsewhere that is an error.
fn confirmed(city: &Jurisdiction, id: &JurisdictionId, reports: u64) -> Result<bool> {
    let name = &city.name;
    let (listed, whose) = (counted(reports, "report"), whose(reports));
    let question = format!(
        "{listed} of {id} ({name}), with {whose} history, incidents, boundaries and hotspots, will \
         be deleted. Type {id} to confirm:"
    );
    match ask(&question) {
        Some(answer) => Ok(answer == id.as_str()),
        None => {
            let (fr, leur) = (
                format::counted(reports as f64, Language::French, "demande", "demandes"),
                if reports < 2 { "son" } else { "leur" },
            );
            let message = message!(
                "manque : {fr} de {id} ({name}), {leur} historique, les incidents, les limites et \
                 les points chauds seraient supprimés",
                "is missing: {listed} of {id} ({name}), with {whose} history, incidents, \
                 boundaries and hotspots, would be deleted"
            );
            Err(Refusal::new("--yes", "", message).into())
        }
    }
}
