//! The projected coordinates of the first rows of a file: whether they are degrees, and how their
//! digits are grouped.

use crate::ingest::numbers::{grouped, grouped_by_dots, is_grouped, may_have_dots_in_groups};
use crate::place::Position;

/// Coordinates that are kept.
const KEPT: usize = 1_000;
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
            let [sure, possible, none] = &mut self.dots;
            *(match may_have_dots_in_groups(text) {
                _ if is_sure => sure,
                true => possible,
                false => none,
            }) += 1;
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

    /// How many there are.
    pub fn count(&self) -> usize {
        self.points.len()
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
