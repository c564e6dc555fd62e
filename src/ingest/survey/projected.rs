//! In which unit and which system the projected coordinates of a file are.

use crate::error::{Error, ErrorKind, Result};
use crate::i18n::Message;
use crate::ingest::mapping::row_draft::Mapping;
use crate::ingest::reference_system::named::{may_be_exchanged, named, names_system};
use crate::ingest::reference_system::of_zones::{FittingSystem, fitting, usual_of};
use crate::ingest::reference_system::projection::{Evidence, Projection, recognise};
use crate::ingest::reference_system::sample::CoordinateUnit;
use crate::ingest::survey::rows::Survey;
use crate::message;
use crate::place::Position;

/// Coordinates that are looked for beyond the first rows, where these have none.
const WANTED: usize = 50;
/// Projections that are named where several may be meant.
const CANDIDATES: usize = 5;

/// Why projections are looked at.
enum ProjectionBasis {
    /// These words of the file name them.
    Words(String),
    /// The cities of the time zone use them: the number of points that each puts where it is used,
    /// and of how many.
    Zone {
        /// Of each projection.
        inside: Vec<usize>,
        /// All points.
        of: usize,
    },
    /// They are in the registry and agree with other places, or with the extent of the city.
    Registry,
}

impl ProjectionBasis {
    /// The projections that may be meant, in brackets; nothing where there are none.
    fn choices(&self, found: &[Projection]) -> Message {
        let names: Vec<&str> = found.iter().take(CANDIDATES).map(|one| one.name()).collect();
        let names = names.join(", ");
        match self {
            _ if names.is_empty() => Message { fr: String::new(), en: String::new() },
            Self::Zone { inside, of } => {
                let counts: Vec<String> =
                    inside.iter().take(CANDIDATES).map(usize::to_string).collect();
                let counts = counts.join(", ");
                message!(
                    " ({names} : {counts} des {of} points là où chacun sert)",
                    " ({names}: {counts} of {of} points where each is used)"
                )
            }
            _ => message!(" ({names})", " ({names})"),
        }
    }
}

impl Survey {
    /// Are coordinates looked for beyond the first rows? The columns of a file may be filled late.
    pub fn lacks_coordinates(&self, mapping: &Mapping) -> bool {
        self.places.is_empty()
            && self.pairs.is_empty()
            && self.projected.count() < WANTED
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

    /// The projections that agree with the rows, and why they are looked at.
    fn projections(&self, mapping: &Mapping) -> (Vec<Projection>, ProjectionBasis) {
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
                return (by_name, ProjectionBasis::Words(words.to_owned()));
            }
        }
        let Some(evidence) = evidence else {
            // A system that is named and does not fit is no reason to take another one.
            if self.system_words(mapping).into_iter().any(names_system) {
                return (Vec::new(), ProjectionBasis::Registry);
            }
            let may_exchange = may_be_exchanged(&mapping.names_of_projected);
            let found = fitting(&points, mapping.zone_name(), may_exchange);
            let inside = found.iter().map(|one| one.inside).collect();
            let basis = ProjectionBasis::Zone { inside, of: points.len() };
            return (found.into_iter().map(|one| one.projection).collect(), basis);
        };
        if let Evidence::Inside(..) = evidence {
            let mut of_zone = self.of_zone(mapping, &points, &evidence);
            if of_zone.len() == 1
                && let Some(only) = of_zone.pop()
            {
                let basis = ProjectionBasis::Zone { inside: vec![only.inside], of: points.len() };
                return (vec![only.projection], basis);
            }
        }
        let mut found = recognise(&evidence);
        if let (Evidence::Inside(_, extent), Some(point)) = (&evidence, points.first()) {
            let usual = usual_of(&found, *point, extent, |one| evidence.agrees(one));
            found = usual.map_or(found, |usual| vec![usual]);
        }
        (found, ProjectionBasis::Registry)
    }

    /// The systems of the city's time zone that put the points into its extent.
    fn of_zone(
        &self,
        mapping: &Mapping,
        points: &[(f64, f64)],
        evidence: &Evidence<'_>,
    ) -> Vec<FittingSystem> {
        let may_exchange = may_be_exchanged(&mapping.names_of_projected);
        let mut found = fitting(points, mapping.zone_name(), may_exchange);
        found.retain(|one| evidence.agrees(&one.projection));
        found
    }

    /// A point whose projection is not known, and the projections that may be meant; `None` where
    /// it is known or not needed.
    pub fn projection_not_known(&self, mapping: &Mapping) -> Option<(f64, f64, Vec<String>)> {
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

    pub fn settle_projection(&mut self, mapping: &mut Mapping) -> Result<()> {
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
        let (mut found, basis) = self.projections(mapping);
        if found.len() == 1
            && let Some(projection) = found.pop()
        {
            let name = projection.name().to_owned();
            mapping.set_projection(projection);
            self.decided.push(format!("projection={name}"));
            mapping.tell(match basis {
                ProjectionBasis::Words(words) => message!(
                    "coordonnées projetées lues en {name}, d’après « {words} »",
                    "projected coordinates read in {name}, as '{words}' says"
                ),
                ProjectionBasis::Zone { inside, of } => {
                    let (n, zone) = (inside.first().copied().unwrap_or(of), mapping.zone_name());
                    message!(
                        "coordonnées projetées lues en {name} : des systèmes employés dans le \
                         fuseau {zone}, lui seul met les points ({n} sur {of}) là où il sert ; \
                         --projection en choisit un autre",
                        "projected coordinates read in {name}: of the systems that are used in \
                         the time zone {zone}, it alone puts the points ({n} of {of}) where it is \
                         used; --projection chooses another"
                    )
                }
                ProjectionBasis::Registry => message!(
                    "coordonnées projetées reconnues : {name}",
                    "projected coordinates recognised: {name}"
                ),
            });
            return Ok(());
        }
        let Message { fr: choices_fr, en: choices } = basis.choices(&found);
        // Where the rows have another place, the projected one is not needed.
        if !self.places.is_empty() || !self.pairs.is_empty() {
            mapping.tell(message!(
                "x, y comme {x}, {y} laissés de côté : projection inconnue{choices_fr}",
                "x, y such as {x}, {y} left aside: projection not known{choices}"
            ));
            return Ok(());
        }
        let message = message!(
            "La projection des coordonnées comme {x}, {y} n’est pas connue{choices_fr} : \
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
