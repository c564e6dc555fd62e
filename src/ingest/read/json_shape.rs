//! Where the records of a JSON document are, and how they are laid out.

use serde_json::Value;

use crate::i18n::Message;
use crate::ingest::read::header::words_of_names;
use crate::ingest::read::layout::RecordLayout;
use crate::ingest::read::outline::{Array, ObjectOfObjects, Outline};
use crate::ingest::read::page_members::PageMembers;
use crate::ingest::reference_system::projection::Projection;
use crate::message;

/// Members under which published documents keep their records.
const USUAL: [&str; 11] = [
    "features",
    "issues",
    "records",
    "results",
    "data",
    "service_requests",
    "requests",
    "items",
    "value",
    "values",
    "rows",
];
/// Members that name the columns of a list of lists beside them.
const HEADERS: [&str; 6] = ["columns", "fields", "header", "headers", "column_names", "names"];
/// Lists of values of one length that are the columns of a table, at least.
const COLUMNS_MIN: usize = 3;
/// Columns that are read side by side.
const SIDE_BY_SIDE_MAX: usize = 256;

/// Lists beside the records that are none of their kind, though they may have the same members.
const BESIDE: [&str; 9] = [
    "included",
    "includes",
    "fields",
    "columns",
    "facets",
    "facet_groups",
    "links",
    "errors",
    "warnings",
];

/// Lists of records that are read one after the other.
const LISTS_MAX: usize = 64;
/// Lists that are named where they cannot be read.
const LISTS_SHOWN: usize = 8;
/// Names of columns that the members of a record have, at least.
const RECORD_NAMES_MIN: usize = 3;

/// How records lie in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordsIn {
    /// The whole document is one.
    Document,
    /// Each is an element of a list.
    List,
    /// Each is an element of a list whose first element has the names of the columns.
    ListBelowHeader,
    /// Each is an element of one of several lists, at these paths; the names of the lists are
    /// their keys.
    Lists { paths: Vec<Vec<String>>, keys: Vec<String> },
    /// Each is a member of an object; the names of the members are ids, or only numbers of rows.
    Members { are_ids: bool },
    /// Their values are spread over lists or objects, one for each column.
    Columns { names: Vec<String>, are_ids: bool },
}

/// Where the records of a document are and how they are laid out.
#[derive(Debug, Clone)]
pub struct JsonShape {
    /// Names of the members that lead to the records.
    pub path: Vec<String>,
    /// How they lie there.
    pub records_in: RecordsIn,
    /// How they are laid out.
    pub layout: RecordLayout,
    /// Their coordinate reference system as an EPSG name, where it is not WGS 84.
    pub crs: Option<String>,
    /// How many records it holds; `None` where only its start was read.
    pub records: Option<u64>,
    /// What it says about being one page of a longer answer.
    pub page: PageMembers,
}

impl JsonShape {
    /// Finds the records of a document.
    ///
    /// # Errors
    /// There are none; the coordinate reference system cannot be read.
    pub fn find(outline: &Outline) -> Result<Self, Message> {
        let crs = outline.crs.as_ref().map_or(Ok(None), crs_name)?;
        refuse_text_records(outline)?;
        let found = Self::of_described_lists(outline)
            .or_else(|| Self::of_members(outline))
            .or_else(|| Self::of_document(outline))
            .or_else(|| Self::of_columns(outline))
            .or_else(|| Self::of_lists_alike(outline))
            .or_else(|| Self::of_list(outline))
            .or_else(|| Self::of_lists(outline))
            .or_else(|| Self::of_empty_list(outline));
        let Some(found) = found else { return Err(unread(outline)) };
        let at = outline.arrays.iter().filter(|array| array.path == found.path);
        if at.count() > 1 {
            let path = found.path.join(".");
            return Err(message!(
                "a plusieurs fois le membre « {path} », dont un seul peut être lu",
                "has the member '{path}' several times, of which one alone could be read"
            ));
        }
        if found.records_in == RecordsIn::List {
            refuse_unlike(outline, &found.path)?;
        }
        let records = found.records.filter(|_| !outline.is_start);
        Ok(Self { crs, records, ..found })
    }

    fn new(path: &[String], records_in: RecordsIn, layout: RecordLayout, records: u64) -> Self {
        let (path, page) = (path.to_vec(), PageMembers::default());
        Self { path, records_in, layout, crs: None, records: Some(records), page }
    }

    /// The document as one record.
    fn of_document(outline: &Outline) -> Option<Self> {
        let is_feature = outline.kind.as_deref() == Some("Feature");
        let is_bare = outline.arrays.is_empty() && !outline.is_start && !is_geometry(outline);
        let layout = if is_feature { RecordLayout::GeoJson } else { RecordLayout::Objects };
        let is_one = outline.is_single && (is_feature || is_bare);
        is_one.then(|| Self::new(&[], RecordsIn::Document, layout, 1))
    }

    /// A list of records.
    fn of_list(outline: &Outline) -> Option<Self> {
        let columns = outline.columns.as_ref().and_then(Value::as_array);
        let holds = |array: &&Array| match columns {
            Some(_) if array.path == ["data"] => array.arrays > 0,
            _ => array.objects > 0,
        };
        let arrays = || outline.arrays.iter().filter(holds);
        let chosen = arrays()
            .filter(|array| is_usual(array))
            .max_by_key(|array| array.objects + array.arrays)
            .or_else(|| arrays().max_by_key(|array| array.objects))?;
        let layout = match columns {
            Some(columns) if chosen.arrays > 0 => RecordLayout::Arrays(names(columns)),
            _ if chosen.path == ["features"] => RecordLayout::GeoJson,
            _ => RecordLayout::Objects,
        };
        Some(Self::of_elements(outline, chosen, RecordsIn::List, layout))
    }

    fn of_elements(
        outline: &Outline,
        array: &Array,
        records_in: RecordsIn,
        layout: RecordLayout,
    ) -> Self {
        let count = array.objects + array.arrays - u64::from(records_in != RecordsIn::List);
        Self { page: outline.page.clone(), ..Self::new(&array.path, records_in, layout, count) }
    }

    /// A list of lists beside the objects that describe its columns, as CKAN answers.
    fn of_described_lists(outline: &Outline) -> Option<Self> {
        let lists = outline.arrays.iter().filter(|array| array.arrays > 0 && array.objects == 0);
        let mut usual = lists.filter(|array| is_usual(array) && !array.path.is_empty());
        usual.find_map(|array| {
            let (_, parent) = array.path.split_last()?;
            let is_beside = |other: &&Array| {
                other.path.split_last().is_some_and(|(_, own)| own == parent)
                    && !other.described.is_empty()
            };
            let names = outline.arrays.iter().find(is_beside)?.described.clone();
            let layout = RecordLayout::Arrays(names);
            Some(Self::of_elements(outline, array, RecordsIn::List, layout))
        })
    }

    /// A list of lists, the first of which has the names, or whose names are beside it.
    fn of_lists(outline: &Outline) -> Option<Self> {
        let lists = || outline.arrays.iter().filter(|array| array.arrays > 0);
        let beside = |array: &Array| {
            let is_header = |other: &&Array| {
                let (name, parent) = other.path.split_last()?;
                let is_beside = array.path.split_last().is_some_and(|(_, own)| own == parent);
                (is_beside && HEADERS.contains(&name.as_str())).then_some(())
            };
            let mut headers = outline.arrays.iter().filter(|other| is_header(other).is_some());
            headers.find_map(|other| other.texts.clone().filter(|texts| !texts.is_empty()))
        };
        if let Some((array, names)) = lists().find_map(|array| Some((array, beside(array)?))) {
            let layout = RecordLayout::Arrays(names);
            return Some(Self::of_elements(outline, array, RecordsIn::List, layout));
        }
        let named = || lists().filter(|array| array.arrays > 1);
        let header = |array: &Array| array.header.clone().filter(|names| are_names(names));
        let named = || named().filter_map(|array| Some((array, header(array)?)));
        let usual = named().find(|(array, _)| is_usual(array));
        let (array, names) = usual.or_else(|| named().max_by_key(|(array, _)| array.arrays))?;
        let layout = RecordLayout::Arrays(names);
        Some(Self::of_elements(outline, array, RecordsIn::ListBelowHeader, layout))
    }

    /// Lists of values of one length, side by side: each is a column.
    fn of_columns(outline: &Outline) -> Option<Self> {
        let count = |array: &Array| array.scalars + array.arrays + array.objects;
        outline.lists.iter().find_map(|(parent, lists)| {
            let beside =
                |array: &&Array| array.path.split_last().is_some_and(|(_, own)| own == parent);
            let columns: Vec<&Array> = outline.arrays.iter().filter(beside).collect();
            let length = columns.first().map_or(0, |first| count(first));
            let scalar = columns.iter().filter(|array| array.scalars > 0 || count(array) == 0);
            let is_table = columns.len() == *lists
                && columns.iter().all(|array| count(array) == length)
                && scalar.count() * 2 > columns.len();
            let is_split = columns.iter().any(|array| array.arrays > 0 && is_usual(array));
            let is_list = columns.iter().any(|array| array.objects > 0 && is_usual(array));
            let is_few = (COLUMNS_MIN..=SIDE_BY_SIDE_MAX).contains(&columns.len());
            let names = columns.iter().filter_map(|array| array.path.last().cloned());
            let names: Vec<String> = names.collect();
            (is_table && is_few && !is_split && !is_list).then(|| {
                let layout = RecordLayout::Arrays(names.clone());
                let records_in = RecordsIn::Columns { names, are_ids: false };
                Self::new(parent, records_in, layout, length)
            })
        })
    }

    /// An object whose members are the records, or the columns.
    fn of_members(outline: &Outline) -> Option<Self> {
        let is_usual_list = |array: &Array| array.objects > 0 && is_usual(array);
        if outline.kind.is_some() || outline.arrays.iter().any(is_usual_list) {
            return None;
        }
        let alike = |object: &&ObjectOfObjects| {
            object.alike == object.members || object.alike * 10 >= object.members * 9
        };
        let object = outline.objects.iter().filter(alike).max_by_key(|object| object.members)?;
        let is_number = |name: &String| name.bytes().all(|b| b.is_ascii_digit());
        let are_numbers = |names: &[String]| {
            names.iter().zip(0..).all(|(name, n)| is_number(name) && name.parse() == Ok(n))
                || names.iter().zip(1..).all(|(name, n)| is_number(name) && name.parse() == Ok(n))
        };
        let (keys, inner) = (&object.keys, &object.inner);
        let are_columns = match (are_numbers(keys), are_numbers(inner)) {
            (false, true) => true,
            (true, false) => false,
            _ => words_of_names(keys) > words_of_names(inner),
        };
        let names = if are_columns { keys } else { inner };
        if names.len() < COLUMNS_MIN || (are_columns && keys.len() as u64 != object.members) {
            return None;
        }
        if are_columns {
            let are_ids = !are_numbers(inner);
            let mut names = keys.clone();
            let records_in = RecordsIn::Columns { names: names.clone(), are_ids };
            names.extend(are_ids.then(|| ID.to_owned()));
            let layout = RecordLayout::Arrays(names);
            let shape = Self::new(&object.path, records_in, layout, inner.len() as u64);
            return Some(Self { records: None, ..shape });
        }
        let records_in = RecordsIn::Members { are_ids: !are_numbers(keys) };
        Some(Self::new(&object.path, records_in, RecordLayout::Objects, object.members))
    }

    /// An empty list where documents keep their records.
    fn of_empty_list(outline: &Outline) -> Option<Self> {
        let is_empty = |array: &&Array| array.scalars == 0 && array.arrays == 0;
        let chosen = outline.arrays.iter().filter(|array| is_usual(array)).find(is_empty)?;
        let layout = match chosen.path == ["features"] {
            true => RecordLayout::GeoJson,
            false => RecordLayout::Objects,
        };
        Some(Self::of_elements(outline, chosen, RecordsIn::List, layout))
    }
}

impl JsonShape {
    /// Several lists of records with the same members, such as one for each year or status.
    fn of_lists_alike(outline: &Outline) -> Option<Self> {
        let chosen =
            Self::of_list(outline).filter(|shape| shape.layout == RecordLayout::Objects)?;
        let first = outline.arrays.iter().find(|array| array.path == chosen.path)?;
        let is_like = |array: &&Array| may_be_records(array) && are_alike(first, array);
        let lists: Vec<&Array> = outline.arrays.iter().filter(is_like).collect();
        let paths: Vec<Vec<String>> = lists.iter().map(|array| array.path.clone()).collect();
        let is_repeated = |path: &Vec<String>| paths.iter().filter(|one| *one == path).count() > 1;
        if !(2..=LISTS_MAX).contains(&lists.len()) || paths.iter().any(is_repeated) {
            return None;
        }
        let count = lists.iter().map(|array| array.objects).sum();
        let (common, keys) = keys_of(&paths);
        let records_in = RecordsIn::Lists { paths, keys };
        let shape = Self::new(&common, records_in, RecordLayout::Objects, count);
        Some(Self { page: outline.page.clone(), ..shape })
    }
}

/// Fails where the records are one text within the document.
fn refuse_text_records(outline: &Outline) -> Result<(), Message> {
    let format = outline.records_format.as_deref().filter(|format| ["csv", "tsv"].contains(format));
    let Some(format) = format else { return Ok(()) };
    Err(message!(
        "a ses enregistrements en {format} dans un texte : demandez records_format=objects, ou \
         enregistrez le texte de « records » dans un fichier",
        "has its records as {format} in a text: ask for records_format=objects, or save the text \
         of 'records' as a file"
    ))
}

/// Is it a list of objects that is none of those beside the records of usual documents?
fn may_be_records(array: &Array) -> bool {
    let name = array.path.last().map_or("", String::as_str);
    array.objects > 0 && !BESIDE.contains(&name)
}

/// Have the first elements of two lists mostly the same members?
fn are_alike(one: &Array, other: &Array) -> bool {
    let common = other.names.iter().filter(|name| one.names.contains(name)).count();
    common > 0 && common * 2 >= one.names.len().max(other.names.len())
}

/// What paths have in common at their start, and what is left of each between their common start
/// and end.
fn keys_of(paths: &[Vec<String>]) -> (Vec<String>, Vec<String>) {
    let Some(first) = paths.first() else { return (Vec::new(), Vec::new()) };
    let shortest = paths.iter().map(Vec::len).min().unwrap_or_default();
    let are_equal = |at: usize| paths.iter().all(|path| path.get(at) == first.get(at));
    let start = (0..shortest).take_while(|at| are_equal(*at)).count();
    let from_end = |path: &Vec<String>, n: usize| path.iter().rev().nth(n).cloned();
    let same_end = |n: &usize| paths.iter().all(|path| from_end(path, *n) == from_end(first, *n));
    let end = (0..shortest - start).take_while(same_end).count();
    let key = |path: &Vec<String>| path.get(start..path.len() - end).unwrap_or_default().join(".");
    (first.get(..start).unwrap_or_default().to_vec(), paths.iter().map(key).collect())
}

/// Fails where another list than the one at `path` seems to hold requests, too: nothing says which
/// one is meant.
fn refuse_unlike(outline: &Outline, path: &[String]) -> Result<(), Message> {
    let Some(chosen) = outline.arrays.iter().find(|array| array.path == path) else {
        return Ok(());
    };
    let is_other = |array: &&Array| {
        array.path != path
            && may_be_records(array)
            && (words_of_names(&array.names) >= RECORD_NAMES_MIN || are_alike(chosen, array))
    };
    let others: Vec<&Array> = outline.arrays.iter().filter(is_other).collect();
    let are_alike = others.len() >= LISTS_MAX;
    if others.is_empty() || (is_usual(chosen) && !are_alike) {
        return Ok(());
    }
    let shown = others.iter().take(LISTS_SHOWN).chain([&chosen]);
    let shown = shown.map(|array| format!("'{}' ({})", array.path.join("."), array.objects));
    let (shown, count) = (shown.collect::<Vec<_>>().join(", "), others.len() + 1);
    Err(message!(
        "contient {count} listes d’enregistrements, qui ne sont pas lues comme un seul tableau : \
         {shown} ; n’en gardez qu’une dans le fichier",
        "contains {count} lists of records, which are not read as one table: {shown}; keep one of \
         them in the file"
    ))
}

/// The column of the keys of several lists.
pub const LIST: &str = "*list";

/// The column of the names of members that are ids.
pub const ID: &str = "*id";

/// Are the texts names of columns, and no values?
fn are_names(texts: &[String]) -> bool {
    let with_digits = texts.iter().filter(|text| text.bytes().any(|b| b.is_ascii_digit())).count();
    words_of_names(texts) > 0 && with_digits * 2 < texts.len()
}

fn is_usual(array: &Array) -> bool {
    array.path.last().is_none_or(|name| USUAL.contains(&name.as_str()))
}

/// Is the document a geometry without properties?
fn is_geometry(outline: &Outline) -> bool {
    let kinds = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"];
    let kind = outline.kind.as_deref().unwrap_or_default();
    kinds.contains(&kind) || kind == "GeometryCollection"
}

/// What a document without records is.
fn unread(outline: &Outline) -> Message {
    let kind = outline.kind.as_deref();
    let root = outline.arrays.iter().find(|array| array.path.is_empty());
    let has_lists = outline.arrays.iter().any(|array| array.arrays > 0);
    if kind == Some("Topology") {
        message!("est du TopoJSON : exportez-le en GeoJSON", "is TopoJSON: export it as GeoJSON")
    } else if is_geometry(outline) {
        message!(
            "est une géométrie de GeoJSON seule, sans demandes",
            "is a geometry of GeoJSON alone, without requests"
        )
    } else if root.is_some_and(|array| array.scalars > 0 && array.arrays == 0) {
        message!(
            "est une liste de textes ou de nombres, sans enregistrements",
            "is a list of texts or numbers, without records"
        )
    } else if has_lists {
        message!(
            "contient des listes de listes sans les noms de leurs colonnes : ajoutez-les en \
             première liste",
            "contains lists of lists without the names of their columns: add them as the first \
             list"
        )
    } else {
        message!("ne contient aucun tableau d’enregistrements", "contains no array of records")
    }
}

/// Socrata names the columns of its arrays in `meta.view.columns`; those of its own begin with `:`.
fn names(columns: &[Value]) -> Vec<String> {
    let name = |column: &Value| {
        let name = column["fieldName"].as_str().or(column["name"].as_str());
        name.unwrap_or_default().to_owned()
    };
    columns.iter().map(name).collect()
}

/// The EPSG name of a `crs` member of GeoJSON of 2008 or a `spatialReference` of ArcGIS; `None`
/// where it says longitude and latitude of WGS 84.
fn crs_name(crs: &Value) -> Result<Option<String>, Message> {
    let wkid = crs["latestWkid"].as_u64().or(crs["wkid"].as_u64());
    let code = match (wkid, crs.pointer("/properties/name").and_then(Value::as_str)) {
        (Some(wkid), _) => wkid.to_string(),
        (None, Some(name)) if name.contains("CRS84") => return Ok(None),
        (None, Some(name)) => name.rsplit(':').next().unwrap_or_default().to_owned(),
        (None, None) if crs.is_null() => return Ok(None),
        (None, None) => String::new(),
    };
    match code.as_str() {
        "4326" => Ok(None),
        // The number that ArcGIS gave Web Mercator before the registry had one.
        "102100" | "102113" | "900913" => Ok(Some("EPSG:3857".into())),
        code if !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Some(format!("EPSG:{code}")))
        }
        _ => Err(message!(
            "« crs » : {crs} n’est pas un système de coordonnées connu",
            "'crs': {crs} is not a known coordinate reference system"
        )),
    }
}

/// The projection of a coordinate reference system.
///
/// # Errors
/// It is not known.
pub fn projection(crs: Option<&str>) -> Result<Option<Projection>, Message> {
    let Some(crs) = crs else { return Ok(None) };
    Projection::new(crs)
        .map(Some)
        .map_err(|reason| message!("« crs » {crs} : {reason}", "'crs' {crs}: {reason}"))
}
