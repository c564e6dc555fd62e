//! Projected coordinates of a file's rows: whether they are degrees, how their digits are grouped,
//! and in which system they are.

use crate::error::{Error, ErrorKind, Result};
use crate::i18n::Message;
use crate::ingest::mapping::Mapping;
use crate::ingest::named_projection::named;
use crate::ingest::numbers::{grouped, grouped_by_dots, is_grouped, may_have_dots_in_groups};
use crate::ingest::projection::{Evidence, Projection, recognise};
use crate::ingest::survey::Survey;
use crate::message;
use crate::place::Position;

/// Coordinates that are kept.
const KEPT: usize = 1_000;
/// Coordinates that are looked for beyond the first rows, where these have none.
const WANTED: usize = 50;
/// Projections that are named where several may be meant.
const CANDIDATES: usize = 5;
/// The share of coordinates that are degrees from which all are, and up to which none are.
const DEGREES_SHARES: [f64; 2] = [0.05, 0.95];

/// Two coordinates, and the position published beside them.
pub type ProjectedPoint = (f64, f64, Option<Position>);

/// What the columns `x` and `y` hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CoordinateUnit {
    /// Longitude and latitude in degrees.
    Degrees,
    /// The unit of a projection.
    Projected,
    /// Degrees in some rows and another unit in others: a point of each.
    Mixed([f64; 2], [f64; 2]),
}

/// The coordinates of the first rows that have some.
#[derive(Default)]
pub struct ProjectedSample {
    /// As numbers with a decimal point.
    points: Vec<ProjectedPoint>,
    /// The same, each point between digits read as one between groups where it may be.
    by_groups: Vec<[f64; 2]>,
    /// Numbers whose points can only be between groups; that may be; others with a point.
    dots: [u64; 3],
}

impl ProjectedSample {
    /// Takes the texts of `x` and `y`.
    pub fn add(&mut self, [x, y]: [&str; 2], beside: Option<Position>) {
        let (Some(a), Some(b)) = (grouped(x), grouped(y)) else { return };
        if self.points.len() >= KEPT || (a, b) == (0.0, 0.0) {
            return;
        }
        for text in [x, y].into_iter().filter(|text| text.contains('.')) {
            let is_sure = (is_grouped(text) && text.rfind(',') > text.rfind('.'))
                || text.matches('.').count() > 1;
            let kind = if is_sure { 0 } else { 2 - usize::from(may_have_dots_in_groups(text)) };
            self.dots[kind] += 1;
        }
        let groups = [x, y].map(|text| grouped_by_dots(text).unwrap_or_default());
        self.points.push((a, b, beside));
        self.by_groups.push(groups);
    }

    /// Takes two numbers of one text.
    pub fn add_pair(&mut self, x: f64, y: f64, beside: Option<Position>) {
        if self.points.len() < KEPT && (x, y) != (0.0, 0.0) {
            self.points.push((x, y, beside));
            self.by_groups.push([x, y]);
        }
    }

    /// Are points between digits those of groups? So they are where one can be nothing else, and
    /// where each may be and the numbers with decimals would be no degrees.
    pub fn has_dots_in_groups(&self) -> bool {
        let [sure, perhaps, others] = self.dots;
        let may_be = perhaps > 0 && others == 0;
        sure > 0 || (may_be && unit_of(&self.points) == CoordinateUnit::Projected)
    }

    /// The points as they are read.
    pub fn points(&self) -> Vec<ProjectedPoint> {
        if !self.has_dots_in_groups() {
            return self.points.clone();
        }
        let both = self.points.iter().zip(&self.by_groups);
        both.map(|((_, _, beside), [x, y])| (*x, *y, *beside)).collect()
    }

    /// What the numbers are.
    pub fn unit(&self) -> CoordinateUnit {
        unit_of(&self.points())
    }

    /// The places of coordinates that are degrees.
    pub fn places(&self) -> Vec<Position> {
        let points = if self.unit() == CoordinateUnit::Degrees { self.points() } else { vec![] };
        points.iter().filter_map(|(x, y, _)| Position::new(*x, *y).ok()).collect()
    }
}

fn unit_of(points: &[ProjectedPoint]) -> CoordinateUnit {
    // Whole numbers of this size are no coordinates of a place.
    let is_degrees = |(x, y, _): &&ProjectedPoint| {
        x.abs() <= 180.0 && y.abs() <= 90.0 && (x.fract() != 0.0 || y.fract() != 0.0)
    };
    let share = points.iter().filter(is_degrees).count() as f64 / points.len().max(1) as f64;
    let [none, all] = DEGREES_SHARES;
    let one = points.iter().find(is_degrees);
    let other = points.iter().find(|point| !is_degrees(point));
    match (one, other) {
        _ if share <= none => CoordinateUnit::Projected,
        (Some(one), Some(other)) if share < all => {
            CoordinateUnit::Mixed([one.0, one.1], [other.0, other.1])
        }
        _ => CoordinateUnit::Degrees,
    }
}

impl Survey {
    /// Are coordinates looked for beyond the first rows? The columns of a file may be filled late.
    pub(super) fn lacks_coordinates(&self, mapping: &Mapping) -> bool {
        self.places.is_empty()
            && self.pairs.is_empty()
            && self.projected.points.len() < WANTED
            && mapping.columns.has("x")
            && !has_projection(mapping)
    }

    /// What may name the system of the coordinates: the only value of a column that says it, and
    /// the names of the columns. Rows of two systems have none that all are in.
    fn system_words<'a>(&'a self, mapping: &'a Mapping) -> Vec<&'a str> {
        let names = mapping.names_of_projected.as_str();
        match self.systems.as_slice() {
            [] => vec![names],
            [only] => vec![only, names],
            // Wards of a column named `Zone` may look like zones of UTM.
            _ if mapping.system_is_zone == Some(false) => vec![names],
            _ => Vec::new(),
        }
    }

    /// The projections that agree with the rows, and the words by which the file names them.
    fn projections<'a>(&'a self, mapping: &'a Mapping) -> (Vec<Projection>, Option<&'a str>) {
        let all = self.projected.points();
        let known: Vec<(f64, f64, Position)> =
            all.iter().filter_map(|(x, y, at)| Some((*x, *y, (*at)?))).collect();
        let points: Vec<(f64, f64)> = all.iter().map(|(x, y, _)| (*x, *y)).collect();
        let extent = mapping.extent();
        let evidence = match (known.len(), &extent) {
            (3.., _) => Some(Evidence::Known(&known)),
            (_, Some(extent)) => Some(Evidence::Inside(&points, extent)),
            _ => None,
        };
        for words in self.system_words(mapping) {
            // In words, or by its code alone in a column for it.
            let is_code = !words.is_empty() && words.bytes().all(|b| b.is_ascii_digit());
            let text = if is_code { format!("epsg {words}") } else { words.to_owned() };
            let mut by_name = named(&text, &points, mapping.zone_name());
            by_name.retain(|one| evidence.as_ref().is_none_or(|evidence| evidence.agrees(one)));
            if !by_name.is_empty() {
                return (by_name, Some(words));
            }
        }
        (evidence.map_or_else(Vec::new, |evidence| recognise(&evidence)), None)
    }

    /// A point whose projection is not known, and the projections that may be meant; `None` where
    /// it is known or not needed.
    pub(super) fn projection_not_known(
        &self,
        mapping: &Mapping,
    ) -> Option<(f64, f64, Vec<String>)> {
        let has_place = !self.places.is_empty() || !self.pairs.is_empty();
        let (x, y, _) = *self.projected.points().first()?;
        if has_place || has_projection(mapping) {
            return None;
        }
        match self.projected.unit() {
            CoordinateUnit::Degrees => None,
            CoordinateUnit::Mixed(_, [x, y]) => Some((x, y, Vec::new())),
            CoordinateUnit::Projected => {
                let (found, _) = self.projections(mapping);
                let names = found.iter().take(CANDIDATES).map(|one| one.name().to_owned());
                (found.len() != 1).then(|| (x, y, names.collect()))
            }
        }
    }

    pub(super) fn settle_projection(&mut self, mapping: &mut Mapping) -> Result<()> {
        let points = self.projected.points();
        let Some((x, y, _)) = points.first().copied() else { return Ok(()) };
        if self.projected.has_dots_in_groups() {
            mapping.take_dots_as_groups();
            mapping.tell(message!(
                "x, y : points lus entre les milliers, comme {x}, {y}",
                "x, y: points are read as those between thousands, as in {x}, {y}"
            ));
        }
        if has_projection(mapping) {
            return Ok(());
        }
        match self.projected.unit() {
            CoordinateUnit::Degrees => {
                mapping.take_xy_as_degrees();
                mapping.tell(message!(
                    "x, y comme {x}, {y} lus comme longitude et latitude en degrés",
                    "x, y such as {x}, {y} read as longitude and latitude in degrees"
                ));
                return Ok(());
            }
            CoordinateUnit::Mixed(one, other) if self.places.is_empty() => {
                return Err(mixed(one, other));
            }
            _ => {}
        }
        self.settle_named_projection(mapping, [x, y])
    }

    fn settle_named_projection(&mut self, mapping: &mut Mapping, [x, y]: [f64; 2]) -> Result<()> {
        let (mut found, words) = self.projections(mapping);
        let words = words.map(str::to_owned);
        if found.len() == 1
            && let Some(projection) = found.pop()
        {
            let name = projection.name().to_owned();
            mapping.set_projection(projection);
            self.decided.push(format!("projection={name}"));
            mapping.tell(match words {
                Some(words) => message!(
                    "coordonnées projetées lues en {name}, d’après « {words} »",
                    "projected coordinates read in {name}, as '{words}' says"
                ),
                None => message!(
                    "coordonnées projetées reconnues : {name}",
                    "projected coordinates recognised: {name}"
                ),
            });
            return Ok(());
        }
        let choices: Vec<&str> = found.iter().take(CANDIDATES).map(|one| one.name()).collect();
        let choices = match choices.is_empty() {
            true => String::new(),
            false => format!(" ({})", choices.join(", ")),
        };
        // Where the rows have another place, the projected one is not needed.
        if !self.places.is_empty() || !self.pairs.is_empty() {
            mapping.tell(message!(
                "x, y comme {x}, {y} laissés de côté : projection inconnue{choices}",
                "x, y such as {x}, {y} left aside: projection not known{choices}"
            ));
            return Ok(());
        }
        let message = message!(
            "La projection des coordonnées comme {x}, {y} n’est pas connue{choices} : \
             indiquez --projection EPSG:CODE, ou « projection » ou « extent » dans le fichier \
             de --mapping",
            "The projection of coordinates such as {x}, {y} is not known{choices}: \
             give --projection EPSG:CODE, or 'projection' or 'extent' in the --mapping file"
        );
        Err(Error::new(ErrorKind::Invalid, message))
    }
}

/// Is the projection of `x` and `y` known?
fn has_projection(mapping: &Mapping) -> bool {
    mapping.places().is_some_and(|places| places.projection.is_some())
}

/// The error of a file of which some coordinates are degrees.
fn mixed([a, b]: [f64; 2], [x, y]: [f64; 2]) -> Error {
    let message: Message = message!(
        "x et y sont des degrés dans une partie des lignes ({a}, {b}) et des coordonnées projetées \
         dans les autres ({x}, {y}) : séparez-les en deux fichiers, ou --projection EPSG:CODE lit \
         les secondes et refuse les premières",
        "x and y are degrees in some of the rows ({a}, {b}) and projected coordinates in others \
         ({x}, {y}): separate them into two files, or --projection EPSG:CODE reads the latter and \
         refuses the former"
    );
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(texts: &[[&str; 2]]) -> ProjectedSample {
        let mut sample = ProjectedSample::default();
        texts.iter().for_each(|pair| sample.add(*pair, None));
        sample
    }

    #[test]
    fn all_numbers_say_what_their_points_are() {
        for (texts, point) in [
            (&[["121.400,25", "487.300,75"]][..], (121_400.25, 487_300.75)),
            (&[["121.400", "487.300"], ["121.401,5", "487.301"]], (121_400.0, 487_300.0)),
            (&[["121.400", "487.300"], ["121.401", "487.302"]], (121_400.0, 487_300.0)),
            (&[["440.100", "4.474.300"]], (440_100.0, 4_474_300.0)),
            (&[["121400.123", "487300.456"]], (121_400.123, 487_300.456)),
            (&[["1,270,100.25", "224,100.75"]], (1_270_100.25, 224_100.75)),
            (&[["-79.400", "43.600"], ["-79.401", "43.601"]], (-79.4, 43.6)),
        ] {
            let (x, y, _) = sample(texts).points()[0];
            assert_eq!((x, y), point, "{texts:?}");
        }
    }

    #[test]
    fn degrees_differ_from_other_units() {
        let unit = |texts: &[[&str; 2]]| sample(texts).unit();
        assert_eq!(unit(&[["-79.4", "43.6"]]), CoordinateUnit::Degrees);
        assert_eq!(unit(&[["121400.5", "487300.5"]]), CoordinateUnit::Projected);
        assert_eq!(unit(&[["12", "30"]]), CoordinateUnit::Projected);
        let mixed = unit(&[["4.895", "52.37"], ["121401", "487301"]]);
        assert_eq!(mixed, CoordinateUnit::Mixed([4.895, 52.37], [121_401.0, 487_301.0]));
    }
}
