//! The columns that a file of refused rows has in front of those of its source. A reader passes
//! over them, so that the corrected file is read as the source was.

/// The columns before the source's own cells: the number of the row, counted from the first
/// one under the header; the line, row of the sheet or number of the record where it begins; what
/// was refused, and why in English and French; and the row itself, where it has no cells.
pub const REFUSED_COLUMNS: [&str; 7] = [
    "refused_row",
    "refused_line",
    "refused_field",
    "refused_value",
    "refused_reason",
    "refused_raison",
    "refused_record",
];

/// The beginning of the name of one more column, whose cells are empty. After it comes what all
/// rows of the source decided, such as `date_order=dmy`: the refused rows alone may not decide it.
const READ_AS: &str = "refused_read_as";

/// The name of the column that holds what the source was read as.
pub fn read_as_column(decided: &[String]) -> String {
    match decided.is_empty() {
        true => READ_AS.to_owned(),
        false => format!("{READ_AS}: {}", decided.join("; ")),
    }
}

/// Of a file of refused rows: how many columns precede the source's own, and what the
/// source was read as. `None` for any other file.
pub fn refused_header(names: &[String]) -> Option<(usize, Vec<String>)> {
    let passed = REFUSED_COLUMNS.len() + 1;
    let own = names.get(..passed)?;
    let (last, columns) = own.split_last()?;
    let read_as = last.trim().strip_prefix(READ_AS)?;
    let is_ours = columns.iter().zip(REFUSED_COLUMNS).all(|(name, ours)| name.trim() == ours);
    let decided = read_as.trim_start_matches(':').split(';').map(|one| one.trim().to_owned());
    is_ours.then(|| (passed, decided.filter(|one| !one.is_empty()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_decided_is_read_back() {
        for decided in [vec![], vec!["date_order=dmy".to_owned(), "days=requested".to_owned()]] {
            let mut names: Vec<String> = REFUSED_COLUMNS.map(str::to_owned).to_vec();
            names.push(read_as_column(&decided));
            names.push("id".to_owned());
            assert_eq!(refused_header(&names), Some((8, decided)));
            assert_eq!(refused_header(&names[1..]), None);
        }
    }
}
