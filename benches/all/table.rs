//! The table of rows, printed while it grows. A row that panics or returns an error is named with
//! its reason, and the run goes on with the next one.

use std::error::Error;
use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use crate::row::{Row, size};

/// The result of a measurement.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// The reason why a row was not measured although nothing failed: a tool is not installed.
#[derive(Debug)]
pub struct Skipped(pub String);

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Skipped {}

impl From<Row> for Vec<Row> {
    fn from(row: Row) -> Self {
        vec![row]
    }
}

/// Place and message of the first panic since the last measurement began, in any thread.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Keeps the message of a panic for the table instead of printing it.
pub fn record_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}: ", at.file(), at.line()));
        let payload = info.payload();
        let message = payload.downcast_ref::<&str>().copied();
        let message = message.or(payload.downcast_ref::<String>().map(String::as_str));
        let message = message.unwrap_or("panic");
        let mut first = PANIC.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        first.get_or_insert_with(|| format!("{}{message}", place.unwrap_or_default()));
    }));
}

fn take_panic() -> Option<String> {
    PANIC.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
}

/// All rows of a run and the text printed so far.
#[derive(Default)]
pub struct Table {
    pub rows: Vec<Row>,
    /// Rows that failed, each with its reason.
    pub failed: Vec<String>,
    /// Rows and peers that were left out because something is not installed.
    pub skipped: Vec<String>,
    /// Everything printed, in Markdown.
    pub text: String,
    /// Keeps the text without printing it.
    is_quiet: bool,
}

/// Checks that a panic and an error each cost one row and no other. A run whose table loses rows
/// silently would be worse than none.
pub fn check_isolation() {
    let mut table = Table { is_quiet: true, ..Table::default() };
    let row = |work: &str| Row::new(1, work, "s", 1.0);
    table.measure(1, "first", || Ok(row("first")));
    table.measure(1, "panics", || -> Outcome<Row> { panic!("22 parameters for 21") });
    table.measure(1, "errs", || -> Outcome<Row> { Err("no answer".into()) });
    table.measure(1, "absent", || -> Outcome<Row> { Err(Skipped("no wrk".into()).into()) });
    table.group(1, "half", |table| {
        table.add(row("before"));
        Err("the rest is missing".into())
    });
    table.measure(1, "last", || Ok(row("last")));
    let works: Vec<&str> = table.rows.iter().map(|row| row.work.as_str()).collect();
    assert_eq!(works, ["first", "before", "last"]);
    let [panics, errs, half] = table.failed.as_slice() else { panic!("{:?}", table.failed) };
    assert!(panics.starts_with("1 reports, panics: benches/all/table.rs:"), "{panics}");
    assert!(panics.ends_with(": 22 parameters for 21"), "{panics}");
    assert_eq!(
        (errs.as_str(), half.as_str()),
        ("1 reports, errs: no answer", "1 reports, half: the rest is missing")
    );
    assert_eq!(table.skipped, ["absent: no wrk"]);
    assert_eq!(table.text.lines().count(), 7);
}

impl Table {
    /// Prints a line and keeps it for the file.
    pub fn print(&mut self, line: &str) {
        if !self.is_quiet {
            println!("{line}");
            // Whoever reads the output through a pipe sees each row when it is measured.
            let _ = std::io::stdout().flush();
        }
        self.text += line;
        self.text.push('\n');
    }

    /// Prints the names of the columns.
    pub fn header(&mut self) {
        self.print("| reports | work | unit | ours | p99 | peer | peer's | ratio | target |");
        self.print("|---:|---|---|---:|---:|---|---:|---:|---|");
    }

    /// Prints a measured row.
    pub fn add(&mut self, row: Row) {
        self.print(&row.markdown());
        self.rows.push(row);
    }

    /// Measures the rows named `work`.
    pub fn measure<R: Into<Vec<Row>>>(
        &mut self,
        reports: usize,
        work: &str,
        measure: impl FnOnce() -> Outcome<R>,
    ) {
        self.group(reports, work, |table| {
            measure()?.into().into_iter().for_each(|row| table.add(row));
            Ok(())
        });
    }

    /// Runs a group of measurements that share a setup. A failure outside of the group's own
    /// measurements ends the group and is reported under the name `work`.
    pub fn group(
        &mut self,
        reports: usize,
        work: &str,
        run: impl FnOnce(&mut Self) -> Outcome<()>,
    ) {
        take_panic();
        let outcome = catch_unwind(AssertUnwindSafe(|| run(self)));
        let reason = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(error)) => match error.downcast_ref::<Skipped>() {
                Some(Skipped(reason)) => return self.skip(reports, work, reason),
                None => error.to_string(),
            },
            Err(_) => take_panic().unwrap_or_else(|| "panic".into()),
        };
        let reason = one_line(&reason);
        self.print(&empty_row(reports, work, &format!("FAILED: {reason}")));
        self.failed.push(format!("{} reports, {work}: {reason}", size(reports)));
    }

    fn skip(&mut self, reports: usize, work: &str, reason: &str) {
        self.print(&empty_row(reports, work, &format!("not measured: {}", one_line(reason))));
        self.skipped.push(format!("{work}: {reason}"));
    }
}

fn empty_row(reports: usize, work: &str, reason: &str) -> String {
    format!("| {} | {work} | {reason} | | | | | | |", size(reports))
}

/// A reason as one cell of the table.
fn one_line(reason: &str) -> String {
    let words: Vec<&str> = reason.split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}
