//! The parameters of the demo city (`data/demo/city.toml`): quartiers, services, seasons,
//! descriptions.

use std::collections::HashMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

const CITY: &str = include_str!("../../data/demo/city.toml");

/// The parameters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoTable {
    #[serde(rename = "quartier")]
    pub quartiers: Vec<Quartier>,
    #[serde(rename = "service")]
    pub services: Vec<ServiceRow>,
    /// Monthly weights, twelve of each.
    pub season: HashMap<String, [f64; 12]>,
}

/// A neighbourhood.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quartier {
    pub name: String,
    pub lon: f64,
    pub lat: f64,
    pub radius_m: f64,
    pub weight: f64,
}

/// Parameters of a service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceRow {
    pub code: String,
    /// Per cent of all requests.
    pub share: f64,
    pub season: String,
    /// Share of reports that duplicate another.
    pub repeat: f64,
    /// Median time to close, in hours.
    pub hours: f64,
    pub place: PlaceKind,
    pub burst: Option<WeatherBurst>,
}

/// Where the reports of a service lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaceKind {
    Address,
    Street,
    None,
}

/// The weather that brings more of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeatherBurst {
    Snow,
    Thaw,
    Wind,
    Rain,
}

impl DemoTable {
    /// Reads the table.
    pub fn read() -> Result<Self, String> {
        let table: Self = toml::from_str(CITY).map_err(|error| error.to_string())?;
        match table.services.iter().find(|row| !table.season.contains_key(&row.season)) {
            Some(row) => Err(format!("{}: no season '{}'", row.code, row.season)),
            None => Ok(table),
        }
    }

    /// Position of a service in the table; 0 where it is unknown.
    pub fn position(&self, code: &str) -> usize {
        self.services.iter().position(|row| row.code == code).unwrap_or_default()
    }

    /// Draws a description: some are empty, one in ten is in English.
    pub fn say(
        &self,
        rng: &mut ChaCha8Rng,
        row: &ServiceRow,
        address: Option<&str>,
    ) -> Option<String> {
        if rng.random_bool(0.18) {
            return None;
        }
        let english = rng.random_bool(0.1);
        let said = match (row.code.as_str(), english) {
            ("nid-de-poule", false) => &[
                "Gros nid-de-poule",
                "Trou profond dans la rue",
                "Plusieurs trous dans la chaussée",
            ],
            ("nid-de-poule", true) => {
                &["Large pothole", "Deep hole in the road", "Several potholes"]
            }
            ("lampadaire", false) => {
                &["Lampadaire éteint", "Lumière de rue brûlée", "Le lampadaire clignote"]
            }
            ("lampadaire", true) => {
                &["Street light out", "Street lamp is flashing", "Dark street light"]
            }
            ("deneigement", false) => {
                &["Rue pas déneigée", "La charrue n’est pas passée", "Rue impraticable"]
            }
            ("deneigement", true) => {
                &["Street not plowed", "The plow did not come", "Street is blocked"]
            }
            ("encombrants", false) => {
                &["Matelas et divan à ramasser", "Vieux frigo", "Meubles à ramasser"]
            }
            ("encombrants", true) => {
                &["Mattress and couch", "Old fridge to pick up", "Furniture pickup"]
            }
            ("graffiti", false) => {
                &["Graffiti sur le mur", "Tags sur un muret", "Graffiti sur un panneau"]
            }
            ("graffiti", true) => {
                &["Graffiti on the wall", "Tags on a low wall", "Graffiti on a sign"]
            }
            (_, false) => &[
                "À vérifier dès que possible",
                "C’est la deuxième fois cette semaine",
                "Merci de faire le nécessaire",
            ],
            (_, true) => &["Please have a look", "Second time this week", "Please fix it"],
        };
        let said = said[rng.random_range(0..said.len())];
        let place = address.filter(|_| rng.random_bool(0.6));
        Some(match (place, english) {
            (Some(place), false) => format!("{said}, devant le {place}"),
            (Some(place), true) => format!("{said}, in front of {place}"),
            (None, _) => said.to_owned(),
        })
    }
}
