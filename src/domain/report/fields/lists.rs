//! The lists of fields of the store and of each output, in the order of its columns or members.

use std::sync::LazyLock;

use crate::domain::report::draft::Draft;
use crate::domain::report::fields::field::{Field, FieldAccess, Kind};
use crate::domain::report::fields::table::ALL;

/// A list of fields.
pub type FieldList = LazyLock<Vec<&'static Field>>;

/// Columns of the store. Histories and digests have the same fields.
pub static STORED: FieldList = LazyLock::new(|| listed(Field::is_stored));

/// Columns of CSV: the stored fields, then the labels.
pub static CSV: FieldList = LazyLock::new(|| stored_first(|field| field.formats.csv));

/// Columns of a GeoPackage and of FlatGeobuf, without the geometry: the stored fields, then the
/// labels.
pub static GEOPACKAGE: FieldList = LazyLock::new(|| stored_first(|field| field.formats.geopackage));

/// Properties of GeoJSON.
pub static GEOJSON: FieldList = LazyLock::new(|| public(|field| field.formats.geojson));

/// Columns of GeoParquet, without its geometry. A field that is part of another comes after it.
pub static GEOPARQUET: FieldList =
    LazyLock::new(|| parts_together(|field| field.formats.geoparquet));

/// Properties of OGC API – Features. A field that is part of another comes after it.
pub static OGC: FieldList = LazyLock::new(|| parts_together(|field| field.formats.ogc));

/// Properties of vector tiles.
pub static TILES: FieldList = LazyLock::new(|| public(|field| field.formats.tiles));

/// Fields that the index holds.
pub static INDEXED: FieldList = LazyLock::new(|| listed(|field| field.indexed));

/// Fields that conditions of CQL2 may name: all that everybody may see.
pub static QUERYABLE: FieldList = LazyLock::new(|| public(|_| true));

/// The field of this name.
pub fn get(name: &str) -> Option<&'static Field> {
    ALL.iter().find(|field| field.name == name)
}

/// A text field, its greatest length in characters, and access to its value in a draft.
pub type DraftText = (&'static Field, usize, fn(&mut Draft) -> &mut Option<String>);

/// The text fields of a draft.
pub fn draft_texts() -> impl Iterator<Item = DraftText> {
    ALL.iter().filter_map(|field| match (field.access, field.kind) {
        (FieldAccess::Text { draft, .. }, Kind::Text { chars_max, .. }) => {
            Some((field, chars_max, draft))
        }
        _ => None,
    })
}

fn listed(is_in: impl Fn(&Field) -> bool) -> Vec<&'static Field> {
    ALL.iter().filter(|field| is_in(field)).collect()
}

fn public(is_in: impl Fn(&Field) -> bool) -> Vec<&'static Field> {
    listed(|field| field.public && is_in(field))
}

fn stored_first(is_in: impl Fn(&Field) -> bool) -> Vec<&'static Field> {
    let mut fields = public(is_in);
    fields.sort_by_key(|field| !field.is_stored());
    fields
}

fn parts_together(is_in: impl Fn(&Field) -> bool) -> Vec<&'static Field> {
    let fields = public(is_in);
    let parts = |whole: &'static Field| {
        fields.iter().copied().filter(|field| field.part_of == Some(whole.name))
    };
    let wholes = fields.iter().copied().filter(|field| field.part_of.is_none());
    wholes.flat_map(|whole| std::iter::once(whole).chain(parts(whole))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_field_is_described_and_named_once() {
        for (n, field) in ALL.iter().enumerate() {
            assert!(!field.fr.is_empty() && !field.en.is_empty(), "{}", field.name);
            assert!(ALL[..n].iter().all(|other| other.name != field.name), "{}", field.name);
            let same = |other: &&Field| other.import.is_some() && other.import == field.import;
            assert!(ALL[..n].iter().find(same).is_none(), "{}", field.name);
            assert!(field.part_of.is_none_or(|whole| get(whole).is_some()), "{}", field.name);
        }
    }

    /// Every export and OGC API – Features have the same fields; a geometry holds longitude and
    /// latitude in formats that have one.
    #[test]
    fn every_format_has_the_same_fields() {
        let names = |list: &FieldList| {
            let names = list.iter().map(|field| field.name);
            names.filter(|name| !["lon", "lat"].contains(name)).collect::<BTreeSet<_>>()
        };
        let csv = names(&CSV);
        assert!(csv.contains("revision") && csv.contains("group"));
        for list in [&GEOPACKAGE, &GEOJSON, &GEOPARQUET, &OGC, &QUERYABLE] {
            assert_eq!(names(list), csv);
        }
        assert_eq!(OGC.len(), QUERYABLE.len());
    }

    #[test]
    fn no_field_is_lost_in_a_list() {
        let count = |is_in: fn(&Field) -> bool| ALL.iter().filter(|field| is_in(field)).count();
        assert_eq!(OGC.len(), count(|field| field.formats.ogc));
        assert_eq!(GEOPARQUET.len(), count(|field| field.formats.geoparquet));
        assert_eq!(CSV.len(), count(|field| field.formats.csv));
    }
}
