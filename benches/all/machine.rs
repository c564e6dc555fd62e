//! What the run was made on.

use std::fs;
use std::process::Command;

use crate::settings::Mode;

/// The first line that a program prints, empty if it is not installed.
fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().next().unwrap_or_default().replace("MemTotal:", "");
    let kilobytes: f64 = memory.trim().trim_end_matches(" kB").parse().unwrap_or_default();
    format!(
        "{}, {cores} cores, {:.0} GB of memory, {}",
        model.trim_matches([' ', ':', '\t']),
        kilobytes * 1024.0 / 1e9,
        first_line("uname", &["-sr"]),
    )
}

/// The heading of the table: kind of run, date, machine, versions and how to read the columns.
pub fn heading(mode: Mode) -> String {
    let kind = match mode {
        Mode::Smoke => "A smoke run (tiny data: its figures say nothing of speed)",
        Mode::Quick => "A quick run of `make bench`",
        Mode::Full => "A full run of `make bench FULL=1`",
        Mode::Protocols => "A run of the protocols alone",
    };
    let today = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let database = first_line("psql", &["--version"]);
    let database = if database.is_empty() { String::new() } else { format!("; {database}") };
    format!(
        "# Speed beside the best peers\n\n{kind} on {today}: {}; {}{database}.\n\nEach row and its \
         peer are measured in turns within the same minute. Figures are medians of five rounds \
         (three over HTTP); p99 is that of single calls. A ratio above 1 says how many times \
         better this project is. Peers in process hold planar points without filters, updates or deletes; \
         this index measures on the sphere and has all three. ✓ and ✗ mark targets met and \
         missed.\n",
        machine(),
        first_line("rustc", &["--version"]),
    )
}
