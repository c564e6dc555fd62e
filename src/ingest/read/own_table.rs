//! Tables that this program wrote: in their cells an apostrophe stands before what a spreadsheet
//! would calculate.

/// Columns that our export of CSV has, and no other publisher's table has together.
const OWN_COLUMNS: [&str; 7] = [
    "service_request_id",
    "jurisdiction_id",
    "group",
    "source_status",
    "nature",
    "channel",
    "accuracy",
];

/// Is this the header of our own export, in whatever order its columns are?
pub fn is_own_export(names: &[String]) -> bool {
    OWN_COLUMNS.iter().all(|own| names.iter().any(|name| name.trim() == *own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fields::CSV;

    #[test]
    fn our_export_is_known_by_its_columns() {
        let mut names: Vec<String> = CSV.iter().map(|field| field.name.to_owned()).collect();
        assert!(is_own_export(&names));
        names.reverse();
        assert!(is_own_export(&names), "a spreadsheet may have moved columns");
        names.retain(|name| name != "nature");
        assert!(!is_own_export(&names), "Open311 has columns of most of these names");
    }
}
