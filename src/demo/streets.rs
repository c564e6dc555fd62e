//! Streets: each quartier has a rotated grid of named streets with house numbers every dozen
//! metres.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use crate::demo::table::DemoTable;
use crate::place::EARTH_RADIUS_M;

/// Distance between parallel streets, in metres: along the blocks and across.
const BLOCK_M: [f64; 2] = [90.0, 180.0];
/// Distance between house numbers on one side, in metres.
const HOUSE_M: f64 = 12.0;

/// Names of streets.
const NAMES: [&str; 72] = [
    "des Érables",
    "des Bouleaux",
    "des Chênes",
    "des Ormes",
    "des Peupliers",
    "des Sapins",
    "des Cèdres",
    "des Frênes",
    "des Tilleuls",
    "des Merisiers",
    "des Pruniers",
    "des Saules",
    "des Lilas",
    "des Trembles",
    "des Mélèzes",
    "des Noyers",
    "du Ruisseau",
    "de la Colline",
    "de la Falaise",
    "du Coteau",
    "de la Rivière",
    "du Moulin",
    "de la Fabrique",
    "du Pont",
    "du Marché",
    "de la Gare",
    "de l’Église",
    "de l’École",
    "du Couvent",
    "du Verger",
    "des Champs",
    "de la Montagne",
    "du Sommet",
    "des Brises",
    "du Fleuve",
    "de la Marée",
    "des Goélands",
    "des Hirondelles",
    "des Cardinaux",
    "des Mésanges",
    "des Faucons",
    "des Hérons",
    "des Pluviers",
    "des Bernaches",
    "des Artisans",
    "des Forgerons",
    "des Tanneurs",
    "des Draveurs",
    "des Pionniers",
    "des Navigateurs",
    "des Défricheurs",
    "des Voyageurs",
    "du Midi",
    "du Levant",
    "du Ponant",
    "de l’Aurore",
    "de la Brunante",
    "des Vents",
    "des Neiges",
    "des Glaces",
    "du Frimas",
    "de la Tourbière",
    "des Fougères",
    "des Violettes",
    "des Marguerites",
    "des Iris",
    "des Trilles",
    "des Pivoines",
    "du Grand-Pré",
    "de la Clairière",
    "du Boisé",
    "de l’Anse",
];

/// A position on a street.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StreetPoint {
    pub lon: f64,
    pub lat: f64,
    /// Number of the street, which determines its name.
    pub street: u32,
    pub house: u32,
}

struct DemoArea {
    name: &'static str,
    lon: f64,
    lat: f64,
    radius_m: f64,
    turn: (f64, f64),
}

/// The city's streets.
pub struct Streets {
    wards: Vec<DemoArea>,
    weights: Vec<f64>,
}

const METERS_PER_DEGREE: f64 = EARTH_RADIUS_M * std::f64::consts::PI / 180.0;

impl Streets {
    /// Draws the rotation of each quartier's grid.
    pub fn new(rng: &mut ChaCha8Rng, table: &DemoTable) -> Self {
        let wards = table.quartiers.iter().map(|quartier| DemoArea {
            // The 35 names are leaked once, for the life of the program.
            name: Box::leak(quartier.name.clone().into_boxed_str()),
            lon: quartier.lon,
            lat: quartier.lat,
            radius_m: quartier.radius_m,
            turn: rng.random_range(0.0..std::f64::consts::FRAC_PI_2).sin_cos(),
        });
        let wards = wards.collect();
        let weights = table.quartiers.iter().map(|quartier| quartier.weight).collect();
        Self { wards, weights }
    }

    /// Draws a place, with quartiers by their weight. Returns it with the quartier's name.
    pub fn anywhere(&self, rng: &mut ChaCha8Rng) -> (StreetPoint, &'static str) {
        let mut left = rng.random_range(0.0..self.weights.iter().sum::<f64>());
        let mut number = 0;
        while number + 1 < self.wards.len() && left >= self.weights[number] {
            left -= self.weights[number];
            number += 1;
        }
        let ward = &self.wards[number];
        // Density falls from the centre towards the neighbours.
        let angle = rng.random_range(0.0..std::f64::consts::TAU);
        let reach = ward.radius_m * rng.random_range(0.0..1.0f64).powf(0.6);
        let (mut u, mut v) = (reach * angle.cos(), reach * angle.sin());
        let jitter = Normal::new(0.0, 3.0).map_or(0.0, |normal| normal.sample(rng));
        let along = rng.random_bool(0.62);
        let (street, house) = if along {
            let line = (v / BLOCK_M[0]).round();
            let house = (u / HOUSE_M).round();
            (u, v) = (house * HOUSE_M, line * BLOCK_M[0] + jitter);
            (line as i32 * 2, house)
        } else {
            let line = (u / BLOCK_M[1]).round();
            let house = (v / HOUSE_M).round();
            (u, v) = (line * BLOCK_M[1] + jitter, house * HOUSE_M);
            (line as i32 * 2 + 1, house)
        };
        let (sin, cos) = ward.turn;
        let (east, north) = (u * cos - v * sin, u * sin + v * cos);
        let side = u32::from(jitter > 0.0);
        let spot = StreetPoint {
            lon: micro(ward.lon + east / (METERS_PER_DEGREE * ward.lat.to_radians().cos())),
            lat: micro(ward.lat + north / METERS_PER_DEGREE),
            street: (number as i32 * 997 + street + 500).unsigned_abs(),
            house: ((house + 400.0).max(1.0) as u32) * 4 + side,
        };
        (spot, ward.name)
    }

    /// Draws a position near another, on the same street.
    pub fn near(&self, rng: &mut ChaCha8Rng, spot: &StreetPoint, reach_m: f64) -> StreetPoint {
        let step = |rng: &mut ChaCha8Rng| {
            Normal::new(0.0, reach_m).map_or(0.0, |normal| normal.sample(rng))
        };
        let (east, north) = (step(rng), step(rng));
        StreetPoint {
            lon: micro(spot.lon + east / (METERS_PER_DEGREE * spot.lat.to_radians().cos())),
            lat: micro(spot.lat + north / METERS_PER_DEGREE),
            ..*spot
        }
    }

    /// Name of the quartier with the nearest centre.
    pub fn area_of(&self, spot: &StreetPoint) -> &'static str {
        let far = |ward: &DemoArea| {
            (ward.lon - spot.lon).hypot((ward.lat - spot.lat) * 1.46) / ward.radius_m
        };
        let nearest = self.wards.iter().min_by(|a, b| far(a).total_cmp(&far(b)));
        nearest.map_or("", |ward| ward.name)
    }

    /// The address of a place, with its house number if `house`.
    pub fn address(&self, spot: &StreetPoint, area: &str, house: bool) -> String {
        let kind = ["rue", "rue", "rue", "avenue", "boulevard"][(spot.street / 7 % 5) as usize];
        let name = NAMES[spot.street as usize % NAMES.len()];
        if house || !spot.house.is_multiple_of(3) {
            format!("{} {kind} {name}, {area}", spot.house)
        } else {
            format!("{kind} {name}, {area}")
        }
    }
}

/// Rounds to six decimals, as exports do: about a decimetre.
fn micro(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}
