//! Peers that are programs of their own. Each is looked for and named if it is absent; none is
//! required.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use pointchaud::index::Snapshot;
use pointchaud::query::HexCounts;

use crate::city::{END, Point};
use crate::settings::Settings;
use crate::table::Outcome;

/// Figures of a peer by name.
pub type Figures = HashMap<String, f64>;

/// The peers that are installed.
pub struct Peers {
    folder: PathBuf,
    /// Absent peers, each with the reason, and whether `tests/needs.sh` should have installed it.
    pub absent: Vec<(String, bool)>,
    has_supercluster: bool,
    has_duckdb: bool,
    has_postgis: bool,
    /// The load generator of the HTTP rows.
    has_wrk: bool,
    /// The Python interpreter that has esda and scikit-learn.
    python: Option<PathBuf>,
    /// Peers that take minutes on a million reports are asked too.
    asks_slow: bool,
    is_smoke: bool,
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers")
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// The `name TAB value` lines that a peer prints.
fn figures(command: &mut Command) -> Outcome<Figures> {
    let output = command.output()?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let last: Vec<&str> = error.lines().rev().take(3).collect();
        return Err(format!("the peer failed: {}", last.join(" / ")).into());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| {
        let (name, value) = line.rsplit_once('\t')?;
        Some((name.to_owned(), value.trim().parse().ok()?))
    };
    Ok(text.lines().filter_map(line).collect())
}

/// Installs npm supercluster into the folder.
fn supercluster_is_installed(folder: &Path) -> bool {
    let modules = folder.join("node");
    let _ = fs::create_dir_all(&modules);
    for file in ["package.json", "package-lock.json"] {
        let _ = fs::copy(sources().join(file), modules.join(file));
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&modules);
    modules.join("node_modules").exists() || succeeds(&mut npm)
}

/// Installs DuckDB into the folder.
fn duckdb_is_installed(folder: &Path) -> bool {
    let packages = folder.join("python");
    let mut pip = Command::new("pip");
    pip.args(["install", "--quiet", "--target"]).arg(&packages);
    pip.arg("--requirement").arg(sources().join("requirements.txt"));
    packages.join("duckdb").exists() || succeeds(&mut pip)
}

impl Peers {
    /// Looks for the peers and installs those that npm and pip have.
    pub fn find(settings: &Settings) -> Self {
        let folder = settings.folder.clone();
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python");
        let python = python.exists().then_some(python);
        let mut check = Command::new("bash");
        check.arg(sources().join("postgis.sh")).arg("check").arg(&folder);
        let mut peers = Self {
            has_supercluster: supercluster_is_installed(&folder),
            has_duckdb: duckdb_is_installed(&folder),
            has_postgis: succeeds(&mut check),
            has_wrk: Command::new("wrk").output().is_ok(),
            asks_slow: settings.asks_slow_peers(),
            is_smoke: settings.is_smoke(),
            absent: Vec::new(),
            folder,
            python,
        };
        let is_present = [
            (peers.has_supercluster, "supercluster: npm is absent or could not install it", false),
            (peers.has_duckdb, "DuckDB: pip is absent or could not install it", false),
            (
                peers.has_postgis,
                "PostGIS: no server of Debian's packages, or no right to it",
                false,
            ),
            (peers.has_wrk, "wrk: the rows of HTTP under load are not measured", true),
            (peers.python.is_some(), "esda and scikit-learn: see tests/needs.sh", true),
        ];
        let absent = is_present.into_iter().filter(|(is_present, ..)| !is_present);
        peers.absent = absent.map(|(_, reason, required)| (reason.into(), required)).collect();
        peers
    }

    /// npm supercluster: milliseconds to filter, load and answer once, by filter and zoom.
    pub fn supercluster(&self, points: &[Point]) -> Outcome<Figures> {
        // Ten million features do not fit into the memory of its runtime.
        if !self.has_supercluster || points.len() > 1_000_000 {
            return Ok(Figures::new());
        }
        let data = self.folder.join("points.bin");
        let mut bytes = Vec::with_capacity(points.len() * 32);
        for point in points {
            for number in [point.lon, point.lat, point.service as f64, point.second as f64] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        fs::write(&data, bytes)?;
        // Node looks for modules beside the script.
        let script = self.folder.join("node/supercluster.mjs");
        fs::copy(sources().join("supercluster.mjs"), &script)?;
        figures(Command::new("node").arg(script).arg(data).arg(END.to_string()))
    }

    /// Runs `benches/peers/hot.py` on a file with these bytes.
    fn python(&self, kind: &str, bytes: Vec<u8>, more: &[String]) -> Outcome<Figures> {
        let Some(python) = &self.python else { return Ok(Figures::new()) };
        let path = self.folder.join(format!("{kind}.bin"));
        fs::write(&path, bytes)?;
        figures(Command::new(python).arg(sources().join("hot.py")).arg(kind).arg(path).args(more))
    }

    /// esda: milliseconds of Gi* on these cells, and of `permutations` permutations if not 0.
    pub fn esda(
        &self,
        counts: &HexCounts,
        snapshot: &Snapshot,
        permutations: u32,
    ) -> Outcome<Figures> {
        let words = crate::hexes::words(counts, snapshot);
        self.python("cells", words, &[permutations.to_string()])
    }

    /// scikit-learn: milliseconds of DBSCAN.
    pub fn scikit_learn(&self, points: &[Point]) -> Outcome<Option<f64>> {
        if !self.asks_slow {
            return Ok(None);
        }
        let figures = self.python("points", crate::hotspots::doubles(points), &[])?;
        Ok(figures.get("dbscan").copied())
    }

    /// DuckDB: seconds from a CSV file to a table in a file, with a checkpoint.
    pub fn duckdb(&self, csv: &Path) -> Outcome<Option<f64>> {
        if !self.has_duckdb {
            return Ok(None);
        }
        let figures = figures(
            Command::new("python3")
                .arg(sources().join("duck.py"))
                .arg(csv)
                .arg(self.folder.join("duck.db"))
                .env("PYTHONPATH", self.folder.join("python")),
        )?;
        Ok(figures.get("csv").copied())
    }

    /// PostgreSQL with PostGIS, heap ordered by place: microseconds a query by name, milliseconds
    /// of DBSCAN, inserts a second of 16 clients.
    pub fn postgis(&self, points: &[Point]) -> Outcome<Figures> {
        if !self.has_postgis || !self.asks_slow {
            return Ok(Figures::new());
        }
        let path = self.folder.join("points.csv");
        let mut file = std::io::BufWriter::new(fs::File::create(&path)?);
        for (n, point) in points.iter().enumerate() {
            let [x, y] = crate::city::plane(point.lon, point.lat);
            let Point { service, second, closed, .. } = point;
            writeln!(file, "{n},{service},{x:.3},{y:.3},{second},{}", u8::from(*closed))?;
        }
        file.flush()?;
        let seconds = if self.is_smoke { "1" } else { "3" };
        let script = sources().join("postgis.sh");
        figures(Command::new("bash").arg(script).arg("run").arg(&self.folder).arg(seconds))
    }
}
