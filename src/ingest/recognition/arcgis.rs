//! Exports of ArcGIS, which write the times of their layers in UTC without a mark, known by the
//! columns that ArcGIS adds by itself.

use crate::i18n::Message;
use crate::ingest::profile::document::column_name;
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};
use crate::message;

/// Names of columns that ArcGIS gives each row: its keys, who changed it and when, its shape. Each
/// kind with the names cut to ten letters, as shapefiles have them.
const KEYS: [&str; 5] = ["globalid", "global_id", "objectid", "object_id", "fid"];
const USERS: [&str; 6] =
    ["creator", "editor", "created_user", "last_edited_user", "created_us", "last_edite"];
const TIMES: [&str; 8] = [
    "creationdate",
    "creation_date",
    "editdate",
    "edit_date",
    "created_date",
    "last_edited_date",
    "created_da",
    "last_edi_1",
];
const SHAPES: [&str; 6] =
    ["shape", "shape_area", "shape_length", "shape_len", "shape_leng", "shape_st_area"];

/// Columns of ArcGIS from which a file is one of its exports.
const COLUMNS_MIN: usize = 3;

impl Recognition {
    /// Is the file an export of ArcGIS with times without an offset? It has a key of ArcGIS, and
    /// both who changed a row and when, or a shape: three columns of two kinds beside the key's.
    pub fn is_of_arcgis(&self) -> bool {
        let of = |names: &[&str]| self.arcgis_columns(names).count();
        let [keys, users, times, shapes] = [of(&KEYS), of(&USERS), of(&TIMES), of(&SHAPES)];
        // Who changed a row is named so by ArcGIS alone; a key and a time are not.
        let is_tracked = users > 0 && times > 0;
        let is_layer = (shapes > 0 || keys > 1) && times > 0;
        self.needs_time_zone
            && keys > 0
            && (is_tracked || is_layer)
            && keys + users + times + shapes >= COLUMNS_MIN
    }

    fn arcgis_columns(&self, names: &[&str]) -> impl Iterator<Item = &RecognisedColumn> {
        self.columns.iter().filter(|column| names.contains(&&*column_name(&column.bare)))
    }

    /// That the times are read in UTC, and why.
    pub fn arcgis_in_words(&self) -> Option<Message> {
        if !self.is_of_arcgis() {
            return None;
        }
        let all = [&KEYS[..], &USERS, &TIMES, &SHAPES].concat();
        let names: Vec<&str> =
            self.arcgis_columns(&all).map(|column| column.name.as_str()).take(4).collect();
        let (fr, en) = (names.join(" », « "), names.join("', '"));
        Some(message!(
            "heures sans décalage lues en UTC : « {fr} » sont des colonnes d’ArcGIS, dont les \
             exports écrivent UTC sans le dire ; times_in = \"local\" dans un fichier de --mapping \
             les lit à l’heure de la ville",
            "times without an offset are read as UTC: '{en}' are columns of ArcGIS, whose exports \
             write UTC without saying so; times_in = \"local\" in a --mapping file reads them as \
             local time"
        ))
    }
}
