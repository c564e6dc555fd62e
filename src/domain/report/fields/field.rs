//! The description of a field of a report: its type, access to its value, and the outputs that
//! have it.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::domain::report::details::{AttributeValue, answers_text};
use crate::domain::report::draft::Draft;
use crate::domain::report::record::Report;
use crate::domain::report::stored::StoredReport;

/// The type of a field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An identifier of a report or a city.
    Id,
    /// The code of a service or of a group of services.
    Code,
    /// One word of a closed list.
    Word(&'static [&'static str]),
    /// A text.
    Text {
        /// Its greatest length, in characters.
        chars_max: usize,
        /// Whether placeholders such as `N/A` are kept, because people wrote the text.
        verbatim: bool,
    },
    /// An instant to the second or a day whose hour is not known, RFC 3339; instants are in UTC.
    Time,
    /// Degrees of longitude or latitude in WGS 84.
    Degrees,
    /// A count that starts at 1.
    Count,
    /// Answers to the questions of the service. As text, a line `code=value` for each value.
    Attributes,
    /// Addresses of photos. As text, one on each line.
    Addresses,
}

impl Kind {
    /// The unit of the values, if they have one.
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Self::Degrees => Some("degrees"),
            Self::Time => Some("RFC 3339"),
            _ => None,
        }
    }
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// Degrees.
    Degrees(f64),
    /// A count.
    Count(u64),
    /// Answers to the questions of the service.
    Attributes(&'a [AttributeValue]),
    /// Addresses of photos.
    Addresses(&'a [String]),
}

impl<'a> FieldValue<'a> {
    /// The text form of the value, for tables and histories. Degrees are the shortest decimals that
    /// read back as the same number.
    pub fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text,
            Self::Degrees(degrees) => degrees.to_string().into(),
            Self::Count(count) => count.to_string().into(),
            Self::Attributes(answers) => answers_text(answers).unwrap_or_default().into(),
            Self::Addresses(urls) => urls.join("\n").into(),
        }
    }
}

/// Values that outputs add to the fields of a report.
#[derive(Debug, Clone, Copy)]
pub struct ReportLabels<'a> {
    /// The jurisdiction's id.
    pub jurisdiction: &'a str,
    /// The service's name in the reader's language.
    pub service: &'a str,
    /// The code of the service's group.
    pub group: &'a str,
}

/// How the value of a field is read and written.
#[derive(Clone, Copy)]
pub enum FieldAccess {
    /// A text of the report.
    Text {
        /// Reads it.
        get: fn(&Report) -> Option<&str>,
        /// Access to its value in a report.
        report: fn(&mut Report) -> &mut Option<String>,
        /// Access to its value in a draft.
        draft: fn(&mut Draft) -> &mut Option<String>,
    },
    /// A typed value of the report that has a text form.
    Typed {
        /// Reads it.
        get: fn(&Report) -> Option<FieldValue<'_>>,
        /// Sets it from its text form. Returns false if the text is not valid.
        set: fn(&mut Report, &str, &TimeZone) -> bool,
    },
    /// The longitude or the latitude of the report.
    Position(fn(&Report) -> Option<FieldValue<'_>>),
    /// A value that is not a field of [`Report`]: of the labels, or of the stored row.
    Label(for<'a> fn(&'a StoredReport, &ReportLabels<'a>) -> FieldValue<'a>),
}

/// Name of a field in Open311 GeoReport v2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open311 {
    /// It has none.
    None,
    /// A member that the standard names.
    Member(&'static str),
    /// A member of `extended_attributes`, which the standard leaves to each server.
    Extended(&'static str),
}

/// The outputs that have a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Formats {
    /// A column of CSV.
    pub csv: bool,
    /// A property of GeoJSON, in exports and in the API.
    pub geojson: bool,
    /// A column of GeoParquet.
    pub geoparquet: bool,
    /// A column of a GeoPackage and of FlatGeobuf.
    pub geopackage: bool,
    /// A property of OGC API – Features.
    pub ogc: bool,
    /// A property of vector tiles.
    pub tiles: bool,
}

impl Formats {
    const NONE: Self = Self {
        csv: false,
        geojson: false,
        geoparquet: false,
        geopackage: false,
        ogc: false,
        tiles: false,
    };
    /// Every export and the API, but not the tiles, which are to stay small.
    const ALL_BUT_TILES: Self = Self {
        csv: true,
        geojson: true,
        geoparquet: true,
        geopackage: true,
        ogc: true,
        tiles: false,
    };
}

/// A field of a report.
#[derive(Clone, Copy)]
pub struct Field {
    /// Its name in columns and properties: the one of Open311 where there is one.
    pub name: &'static str,
    /// The type of its values.
    pub kind: Kind,
    /// What it is, in French.
    pub fr: &'static str,
    /// What it is, in English.
    pub en: &'static str,
    /// How its value is read and written.
    pub access: FieldAccess,
    /// Whether every report has a value.
    pub required: bool,
    /// Whether the index holds it, so that lists and filters need not read the store.
    pub indexed: bool,
    /// The query parameter that filters by it.
    pub filter: Option<&'static str>,
    /// Whether lists can be ordered by it.
    pub sortable: bool,
    /// Whether everybody may see it. A field that is not public is only in the list
    /// [`STORED`](super::STORED).
    pub public: bool,
    /// The outputs that have it.
    pub formats: Formats,
    /// Whether GeoJSON writes `null` for a missing value instead of leaving the property out.
    pub null_in_geojson: bool,
    /// The field of which this is a part; formats with columns put it directly after that one.
    pub part_of: Option<&'static str>,
    /// Its name in Open311.
    pub open311: Open311,
    /// Its name in the profiles by which files are imported.
    pub import: Option<&'static str>,
    /// Whether the body of `POST /api/v1/reports` has it.
    pub create: bool,
    /// Whether the body of `PATCH /api/v1/reports/{id}` has it.
    pub change: bool,
}

impl Field {
    /// A public field that is in no output; the methods below add it to outputs.
    pub(super) const fn new(name: &'static str, kind: Kind, access: FieldAccess) -> Self {
        Self {
            name,
            kind,
            fr: "",
            en: "",
            access,
            required: false,
            indexed: false,
            filter: None,
            sortable: false,
            public: true,
            formats: Formats::NONE,
            null_in_geojson: false,
            part_of: None,
            open311: Open311::None,
            import: None,
            create: false,
            change: false,
        }
    }

    pub(super) const fn described(mut self, fr: &'static str, en: &'static str) -> Self {
        (self.fr, self.en) = (fr, en);
        self
    }

    /// Adds it to every export and to the API.
    pub(super) const fn exported(mut self) -> Self {
        self.formats = Formats::ALL_BUT_TILES;
        self
    }

    /// Adds it to CSV and OGC API – Features only; other formats with a geometry hold the value
    /// there alone. In OGC API – Features every field that filters can name is a property.
    pub(super) const fn in_csv_and_ogc(mut self) -> Self {
        self.formats = Formats { csv: true, ogc: true, ..Formats::NONE };
        self
    }

    pub(super) const fn in_tiles(mut self) -> Self {
        self.formats.tiles = true;
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The index holds it.
    pub(super) const fn indexed(mut self) -> Self {
        self.indexed = true;
        self
    }

    /// The query parameter `parameter` filters by it.
    pub(super) const fn filtered_by(mut self, parameter: &'static str) -> Self {
        self.filter = Some(parameter);
        self
    }

    pub(super) const fn sortable(mut self) -> Self {
        self.sortable = true;
        self
    }

    pub(super) const fn null_in_geojson(mut self) -> Self {
        self.null_in_geojson = true;
        self
    }

    pub(super) const fn part_of(mut self, whole: &'static str) -> Self {
        self.part_of = Some(whole);
        self
    }

    pub(super) const fn open311(mut self, name: Open311) -> Self {
        self.open311 = name;
        self
    }

    /// Import profiles assign columns to it under this name.
    pub(super) const fn imported(mut self, name: &'static str) -> Self {
        self.import = Some(name);
        self
    }

    /// The body of a new report has it.
    pub(super) const fn created(mut self) -> Self {
        self.create = true;
        self
    }

    /// The body of a change has it.
    pub(super) const fn changed(mut self) -> Self {
        self.change = true;
        self
    }

    /// Whether it is a column of the store. Stored fields are in histories and digests, too.
    pub fn is_stored(&self) -> bool {
        !matches!(self.access, FieldAccess::Label(_))
    }

    /// Its value in a report; `None` if the report has none, or if it is not a field of reports.
    pub fn of<'a>(&self, report: &'a Report) -> Option<FieldValue<'a>> {
        match self.access {
            FieldAccess::Text { get, .. } => get(report).map(|text| FieldValue::Text(text.into())),
            FieldAccess::Typed { get, .. } | FieldAccess::Position(get) => get(report),
            FieldAccess::Label(_) => None,
        }
    }

    /// Its value in a stored report, with labels.
    pub fn shown<'a>(
        &self,
        stored: &'a StoredReport,
        labels: &ReportLabels<'a>,
    ) -> Option<FieldValue<'a>> {
        match self.access {
            FieldAccess::Label(get) => Some(get(stored, labels)),
            // How exact a position is says nothing where there never was one.
            _ if self.name == "accuracy" && !stored.report.has_accuracy() => None,
            _ => self.of(&stored.report),
        }
    }

    /// Sets the field of a report from its text form. Returns false if the text is not valid.
    pub(in crate::domain) fn set(&self, report: &mut Report, text: &str, zone: &TimeZone) -> bool {
        match self.access {
            FieldAccess::Text { report: slot, .. } => {
                *slot(report) = Some(text.to_owned());
                true
            }
            FieldAccess::Typed { set, .. } => set(report, text, zone),
            FieldAccess::Position(_) | FieldAccess::Label(_) => false,
        }
    }
}
