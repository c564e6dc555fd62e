//! Lines of the audit as CSV, a row for each field that a line names.

use crate::domain::{AuditField, AuditLine, defused};

/// Names of the columns.
const COLUMNS: [&str; 15] = [
    "number",
    "at",
    "actor",
    "role",
    "address",
    "operation",
    "jurisdiction_id",
    "subject",
    "subject_id",
    "revision",
    "revisions",
    "service_request_id",
    "field",
    "before",
    "after",
];

/// The header row.
///
/// # Errors
/// None that a table in memory knows.
pub fn audit_header() -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(COLUMNS)?;
    table.into_inner().map_err(|error| error.into_error().into())
}

/// Rows of lines without a header. Cells that a spreadsheet would calculate are made texts.
///
/// # Errors
/// None that a table in memory knows.
pub fn audit_rows(lines: &[AuditLine]) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let none = AuditField::named("");
    for line in lines {
        let fields =
            if line.fields.is_empty() { std::slice::from_ref(&none) } else { &line.fields };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let revision = line.revisions.map(|(_, last)| last.to_string());
        let count = line.revisions.map(|(first, last)| (last - first + 1).to_string());
        for AuditField { report, field, before, after } in fields {
            let cells = [
                line.number.to_string(),
                line.at.to_string(),
                line.actor.clone(),
                line.role.map_or_else(String::new, |role| role.to_string()),
                text(&line.address),
                line.operation.clone(),
                text(&line.jurisdiction),
                line.subject.to_string(),
                text(&line.subject_id),
                revision.clone().unwrap_or_default(),
                count.clone().unwrap_or_default(),
                text(report),
                field.clone(),
                text(before),
                text(after),
            ];
            table.write_record(cells.iter().map(|cell| defused(cell).into_owned()))?;
        }
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::AuditSubject;

    #[test]
    fn a_formula_in_a_value_is_a_text() {
        let line = AuditLine {
            number: 7,
            at: Timestamp::from_millisecond(1_790_000_000_123).unwrap(),
            actor: "marie".into(),
            role: None,
            address: None,
            operation: "change_report".into(),
            jurisdiction: Some("city.example".into()),
            subject: AuditSubject::Report,
            subject_id: Some("4RX-7KM-PH".into()),
            revisions: Some((3, 5)),
            fields: vec![AuditField::set("address", "=HYPERLINK(\"http://a\")")],
        };
        let text = String::from_utf8(audit_rows(&[line]).unwrap()).unwrap();
        let expected = "7,2026-09-21T14:13:20.123Z,marie,,,change_report,city.example,report,\
                        4RX-7KM-PH,5,3,,address,,\"'=HYPERLINK(\"\"http://a\"\")\"\n";
        assert_eq!(text, expected);
        let header = String::from_utf8(audit_header().unwrap()).unwrap();
        assert_eq!(header.trim_end().split(',').count(), COLUMNS.len());
    }
}
