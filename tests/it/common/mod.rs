//! Helpers of the tests: folders of their own, the program, the service, and what may be absent.

pub mod audited_city;
mod client;
pub mod cql;
pub mod cql_random;
mod cql_truth;
pub mod filing;
pub mod private_city;
mod service;
pub mod world;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub use client::{Answer, Client, ask};
pub use service::{LocalService, Service};

/// The time at which generated cities end and at which the clock of [`LocalService`] begins: 8 in
/// the morning in Québec, on a day with nothing special about it.
pub const NOW: &str = "2026-10-01T12:00:00Z";

/// A folder that is removed with its owner.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::SeqCst);
        let path =
            std::env::temp_dir().join(format!("pointchaud-{name}-{}-{n}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file with these contents.
    pub fn with(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, contents).unwrap();
        path
    }
}

/// A folder whose store holds a generated city of `reports` reports, the last of them at [`NOW`].
pub fn demo_city(name: &str, reports: u32, seed: u32) -> Folder {
    let folder = Folder::new(name);
    let (reports, seed) = (reports.to_string(), seed.to_string());
    done(&folder, &["generate", "--reports", &reports, "--seed", &seed, "--until", NOW]);
    folder
}

/// The demo city in two halves, east and west of 71.25° W.
const HALVES: &str = r#"{"type":"FeatureCollection","features":[
  {"type":"Feature","properties":{"NOM":"Est"},"geometry":{"type":"Polygon",
   "coordinates":[[[-71.25,46.7],[-71.1,46.7],[-71.1,47.0],[-71.25,47.0],[-71.25,46.7]]]}},
  {"type":"Feature","properties":{"NOM":"Ouest"},"geometry":{"type":"Polygon",
   "coordinates":[[[-71.6,46.7],[-71.25,46.7],[-71.25,47.0],[-71.6,47.0],[-71.6,46.7]]]}}]}"#;

/// Adds a boundary set of two areas, `Est` and `Ouest`, to the store of a folder.
pub fn add_boundaries(folder: &Folder, name: &str) {
    folder.with("halves.geojson", HALVES);
    done(folder, &["boundaries", "add", "halves.geojson", "--name", name]);
}

/// A JPEG of the given width and height in pixels.
pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let image = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 9]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program, in a folder, on the store `city.db` there.
pub fn program(folder: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pointchaud"));
    command.current_dir(&folder.0).env("POINTCHAUD_STORE", "sqlite:city.db");
    command
}

/// Runs the program to its end.
pub fn run(folder: &Folder, arguments: &[&str]) -> Output {
    program(folder).args(arguments).output().unwrap()
}

/// Runs the program and wants success, of an import also the status of refused rows (3); its
/// standard output.
pub fn done(folder: &Folder, arguments: &[&str]) -> String {
    succeeded(arguments, run(folder, arguments))
}

/// As [`done`], by [`run_at_home`].
pub fn done_at_home(folder: &Folder, arguments: &[&str]) -> String {
    succeeded(arguments, run_at_home(folder, arguments))
}

fn succeeded(arguments: &[&str], output: Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    let some_refused = arguments[0] == "import" && output.status.code() == Some(3);
    assert!(output.status.success() || some_refused, "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// The refused rows of an import, a line `line,field,value,reason` for each; empty without any.
pub fn refused_rows(folder: &Folder, name: &str) -> String {
    let Ok(mut table) = csv::Reader::from_path(folder.file(name)) else { return String::new() };
    let header = table.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|has| has.ends_with(name)).unwrap();
    let columns = ["refused_line", "refused_field", "refused_value", "refused_reason"].map(at);
    let line = |row: csv::StringRecord| columns.map(|column| row[column].to_owned()).join(",");
    table.records().map(|row| format!("{}\n", line(row.unwrap()))).collect()
}

/// Runs the program to its end; an import whose city nothing tells is one of Québec.
pub fn run_at_home(folder: &Folder, arguments: &[&str]) -> Output {
    let output = run(folder, arguments);
    if String::from_utf8_lossy(&output.stderr).contains("'--jurisdiction' is missing") {
        return run(folder, &[arguments, &["--jurisdiction", "ville.quebec.qc.ca"]].concat());
    }
    output
}

/// A file of real open data. Where it is not beside the checkout, says so and answers `None`: the
/// test is skipped, because nobody can be asked to have a copy.
pub fn data_or_skip(file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(file);
    or_skip(path.exists().then_some(path), file, "is not beside this checkout", false)
}

/// A program or a library that others wrote, which the test compares with. Where it was not found,
/// the test fails if `REQUIRE_PEERS=1` is set; else it says so and is skipped.
pub fn peer_or_skip<T>(found: Option<T>, peer: &str) -> Option<T> {
    or_skip(found, peer, "is not installed (tests/needs.sh installs it)", true)
}

fn or_skip<T>(found: Option<T>, what: &str, absent: &str, may_be_required: bool) -> Option<T> {
    if found.is_none() {
        let is_required = std::env::var("REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!(may_be_required && is_required), "REQUIRE_PEERS=1, but {what} {absent}");
        eprintln!("skipped: {what} {absent}");
    }
    found
}

/// A Python interpreter that can open pseudo-terminals; else as [`peer_or_skip`].
pub fn any_python_or_skip() -> Option<PathBuf> {
    let names = ["target/python/bin/python", "/usr/bin/python3", "/usr/local/bin/python3"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    peer_or_skip(names.iter().map(|name| root.join(name)).find(|path| path.exists()), "Python")
}

/// The Python interpreter with the packages of `tests/requirements.txt`; else as [`peer_or_skip`].
pub fn python_or_skip(peer: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python");
    peer_or_skip(path.exists().then_some(path), peer)
}

/// How many files are in a folder, without those of its folders.
pub fn files_in(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.filter(|entry| entry.as_ref().unwrap().file_type().unwrap().is_file()).count()
}

/// Waits until something holds that another thread or process brings about. The limit only ends a
/// test that would hang: it is longer than any machine takes.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(300), "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
