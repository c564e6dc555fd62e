//! Random CQL2 expressions on the values that rows have.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::common::cql::{Formula, Place, Plain, PlainType, Row, Term};

/// What random expressions are made of.
pub struct Vocabulary<'a> {
    pub properties: &'a [(String, PlainType)],
    pub rows: &'a [Row],
}

const COMPARISONS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];
const TEMPORAL: [&str; 15] = [
    "t_after",
    "t_before",
    "t_contains",
    "t_disjoint",
    "t_during",
    "t_equals",
    "t_finishedBy",
    "t_finishes",
    "t_intersects",
    "t_meets",
    "t_metBy",
    "t_overlappedBy",
    "t_overlaps",
    "t_startedBy",
    "t_starts",
];
const SPATIAL: [&str; 8] = [
    "s_intersects",
    "s_disjoint",
    "s_within",
    "s_contains",
    "s_equals",
    "s_touches",
    "s_crosses",
    "s_overlaps",
];

impl Vocabulary<'_> {
    fn pick<'b, T>(&self, rng: &mut ChaCha8Rng, list: &'b [T]) -> &'b T {
        &list[rng.random_range(0..list.len())]
    }

    fn property(&self, rng: &mut ChaCha8Rng, wanted: PlainType) -> Option<String> {
        let fit: Vec<&String> =
            self.properties.iter().filter(|(_, t)| *t == wanted).map(|(name, _)| name).collect();
        (!fit.is_empty()).then(|| (*self.pick(rng, &fit)).clone())
    }

    /// A value that a row has.
    fn literal(&self, rng: &mut ChaCha8Rng, wanted: PlainType) -> Term {
        let made_up = match wanted {
            PlainType::Text => Plain::Text("l'été".into()),
            PlainType::Number => Plain::Number(f64::from(rng.random_range(-3..4))),
            PlainType::Time => Plain::Time(1_700_000_300, 1_700_000_300),
        };
        if self.rows.is_empty() || rng.random_bool(0.1) {
            return Term::Literal(if rng.random_bool(0.3) { Plain::Null } else { made_up });
        }
        let name = self.property(rng, wanted).unwrap_or_default();
        let row = self.pick(rng, self.rows);
        match row.values.get(&name) {
            Some(Plain::Time(first, _)) if rng.random_bool(0.3) => {
                let day = first.div_euclid(86_400) * 86_400;
                Term::Literal(Plain::Time(day, day + 86_399))
            }
            Some(Plain::Null) | None => Term::Literal(made_up),
            Some(value) => Term::Literal(value.clone()),
        }
    }

    fn term(&self, rng: &mut ChaCha8Rng, wanted: PlainType, depth: u32) -> Term {
        let property = self.property(rng, wanted);
        let Some(property) = property.filter(|_| rng.random_bool(0.6)) else {
            return self.literal(rng, wanted);
        };
        let term = Term::Property(property);
        match wanted {
            PlainType::Text if rng.random_bool(0.15) => Term::Casei(Box::new(term)),
            PlainType::Text if rng.random_bool(0.15) => Term::Accenti(Box::new(term)),
            PlainType::Number if depth > 0 && rng.random_bool(0.5) => {
                let op = *self.pick(rng, &["+", "-", "*", "/", "%", "div", "^"]);
                Term::Arithmetic(op, Box::new(term), Box::new(self.term(rng, wanted, depth - 1)))
            }
            _ => term,
        }
    }

    fn wanted(&self, rng: &mut ChaCha8Rng) -> PlainType {
        *self.pick(rng, &[PlainType::Text, PlainType::Text, PlainType::Number, PlainType::Time])
    }

    fn place(&self, rng: &mut ChaCha8Rng) -> Place {
        let places: Vec<(f64, f64)> = self.rows.iter().filter_map(|row| row.at).collect();
        if places.is_empty() {
            return Place::Point(0.0, 0.0);
        }
        let ((x, y), (z, w)) = (*self.pick(rng, &places), *self.pick(rng, &places));
        let (south, north) = (y.min(w), y.max(w));
        match rng.random_range(0..8) {
            0 => Place::Point(x, y),
            1 if x != z && (x - z).abs() <= 180.0 => Place::Line([(x, y), (z, y)]),
            2 if (-179.0..179.0).contains(&x) => Place::Line([(x - 0.5, y), (x + 0.5, y)]),
            3 if x != z && south != north && (x - z).abs() <= 180.0 => {
                Place::Rectangle([x.min(z), south, x.max(z), north])
            }
            4 => Place::Box([x, south, x, north]),
            5 => Place::Box([x, y, x, y]),
            6 if x != z => Place::Box([x.max(z), south, x.min(z), north]),
            _ => Place::Box([x.min(z), south, x.max(z), north]),
        }
    }

    fn ends(&self, rng: &mut ChaCha8Rng) -> [Option<Term>; 2] {
        let mut end = |open: f64| match rng.random_bool(open) {
            true => None,
            false => Some(self.term(rng, PlainType::Time, 0)),
        };
        let (start, stop) = (end(0.15), end(0.15));
        // An interval of two literals must not end before it starts.
        match (&start, &stop) {
            (Some(Term::Literal(Plain::Time(a, _))), Some(Term::Literal(Plain::Time(b, _))))
                if a > b =>
            {
                [stop, start]
            }
            _ => [start, stop],
        }
    }

    /// A random expression of a depth.
    pub fn formula(&self, rng: &mut ChaCha8Rng, depth: u32) -> Formula {
        if depth > 0 {
            let mut inner = || self.formula(rng, depth - 1);
            let list = vec![inner(), inner()];
            return match rng.random_range(0..7) {
                0 => Formula::Not(Box::new(Formula::And(list))),
                1 => Formula::IsUnknown(Box::new(Formula::Or(list))),
                2 | 3 => Formula::Or(list),
                _ => Formula::And(list),
            };
        }
        let wanted = self.wanted(rng);
        let mut term = || self.term(rng, wanted, 1);
        let (a, b, c) = (term(), term(), term());
        match rng.random_range(0..13) {
            0 => Formula::Constant(*self.pick(rng, &[None, Some(true), Some(false)])),
            1 => Formula::Between(a, b, c),
            2 | 3 => Formula::In(a, vec![b, c, self.literal(rng, wanted)]),
            4 | 5 => {
                let text = self.term(rng, PlainType::Text, 0);
                Formula::Like(text, self.pattern(rng))
            }
            6 => Formula::IsNull(a),
            7 => Formula::NoPlace,
            8 => {
                let op = *self.pick(rng, &TEMPORAL);
                Formula::Temporal(op, self.ends(rng), self.ends(rng))
            }
            9 | 10 => {
                let op = *self.pick(rng, &SPATIAL);
                Formula::Spatial(op, self.place(rng), rng.random_bool(0.3))
            }
            _ => {
                let op = *self.pick(rng, &COMPARISONS);
                Formula::Compare(op, a, b)
            }
        }
    }

    fn pattern(&self, rng: &mut ChaCha8Rng) -> String {
        let Term::Literal(Plain::Text(text)) = self.literal(rng, PlainType::Text) else {
            return "%a%".into();
        };
        let chars: Vec<char> = text.chars().take(12).collect();
        let start = rng.random_range(0..=chars.len());
        let end = rng.random_range(start..=chars.len());
        let escaped: String = chars[start..end]
            .iter()
            .flat_map(|c| match c {
                '%' | '_' | '\\' => vec!['\\', *c],
                c if c.is_alphabetic() && rng.random_bool(0.1) => vec!['_'],
                c => vec![*c],
            })
            .collect();
        match rng.random_range(0..3) {
            0 => format!("%{escaped}%"),
            1 => format!("{escaped}%"),
            _ => format!("%{escaped}"),
        }
    }
}
