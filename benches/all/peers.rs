//! Peers that are programs of their own. Each is found, or named as not installed; none is needed.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use pointchaud::index::Snapshot;
use pointchaud::query::HexCounts;

use crate::city::{END, Point};

/// Where peers keep what they need, and which there are.
pub struct Peers {
    folder: PathBuf,
    /// Peers that are not there, with the reason.
    pub missing: Vec<String>,
    has_node: bool,
    has_duckdb: bool,
    has_postgis: bool,
    /// The interpreter with esda and scikit-learn.
    python: Option<PathBuf>,
    /// Slow peers are asked too.
    pub full: bool,
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers")
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// `name value` lines of a peer's output.
fn figures(command: &mut Command) -> HashMap<String, f64> {
    let Ok(output) = command.output() else { return HashMap::new() };
    if !output.status.success() {
        eprintln!("a peer failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| {
        let (name, value) = line.rsplit_once('\t')?;
        Some((name.to_owned(), value.trim().parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

impl Peers {
    /// Looks for them, and installs what their package managers can.
    pub fn find(folder: &Path, full: bool) -> Self {
        let mut missing = Vec::new();
        let _ = fs::create_dir_all(folder);
        let modules = folder.join("node");
        let _ = fs::create_dir_all(&modules);
        for file in ["package.json", "package-lock.json"] {
            let _ = fs::copy(sources().join(file), modules.join(file));
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&modules);
        let has_node = modules.join("node_modules").exists() || succeeds(&mut npm);
        if !has_node {
            missing.push("supercluster: npm is not there or could not install it".into());
        }
        let python = folder.join("python");
        let has_duckdb = python.join("duckdb").exists()
            || succeeds(
                Command::new("pip")
                    .args(["install", "--quiet", "--target"])
                    .arg(&python)
                    .arg("--requirement")
                    .arg(sources().join("requirements.txt")),
            );
        if !has_duckdb {
            missing.push("DuckDB: pip is not there or could not install it".into());
        }
        let has_postgis = succeeds(
            Command::new("bash").arg(sources().join("postgis.sh")).arg("check").arg(folder),
        );
        if !has_postgis {
            missing
                .push("PostGIS: no server of Debian's packages, or no right to start one".into());
        }
        if Command::new("wrk").output().is_err() {
            missing.push("wrk: the rows of HTTP questions and of single POSTs are left out".into());
        }
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python");
        let python = python.exists().then_some(python);
        if python.is_none() {
            missing.push("esda and scikit-learn: tests/needs.sh installs them".into());
        }
        Self { folder: folder.to_owned(), missing, has_node, has_duckdb, has_postgis, python, full }
    }

    /// npm supercluster: milliseconds of filter, load and first answer, by filter and zoom.
    pub fn supercluster(&self, points: &[Point]) -> HashMap<String, f64> {
        // Ten million features do not fit the memory of its runtime.
        if !self.has_node || points.len() > 1_000_000 {
            return HashMap::new();
        }
        let data = self.folder.join("points.bin");
        let mut bytes = Vec::with_capacity(points.len() * 32);
        for point in points {
            for number in [point.lon, point.lat, point.service as f64, point.second as f64] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        if fs::write(&data, bytes).is_err() {
            return HashMap::new();
        }
        let script = self.folder.join("node/supercluster.mjs");
        let _ = fs::copy(sources().join("supercluster.mjs"), &script);
        figures(Command::new("node").arg(script).arg(data).arg(END.to_string()))
    }

    /// `benches/peers/hot.py` on what is written for it.
    fn hot(&self, kind: &str, bytes: Vec<u8>, more: &[&str]) -> HashMap<String, f64> {
        let path = self.folder.join(format!("{kind}.bin"));
        let (Some(python), true) = (&self.python, fs::write(&path, bytes).is_ok()) else {
            return HashMap::new();
        };
        let script = sources().join("hot.py");
        figures(Command::new(python).arg(script).arg(kind).arg(path).args(more))
    }

    /// esda: milliseconds of Gi* on these cells, and of 999 permutations where asked.
    pub fn esda(
        &self,
        counts: &HexCounts,
        snapshot: &Snapshot,
        permutations: bool,
    ) -> HashMap<String, f64> {
        let more = if permutations { "999" } else { "0" };
        self.hot("cells", crate::hotspots::words(counts, snapshot), &[more])
    }

    /// scikit-learn: milliseconds of DBSCAN.
    pub fn scikit_learn(&self, points: &[Point]) -> Option<f64> {
        if !self.full {
            return None;
        }
        self.hot("points", crate::hotspots::doubles(points), &[]).get("dbscan").copied()
    }

    /// DuckDB: seconds from a CSV file to a table in a file, checkpointed.
    pub fn duckdb(&self, csv: &Path) -> Option<f64> {
        let figures = figures(
            Command::new("python3")
                .arg(sources().join("duck.py"))
                .arg(csv)
                .arg(self.folder.join("duck.db"))
                .env("PYTHONPATH", self.folder.join("python")),
        );
        figures.get("csv").copied().filter(|_| self.has_duckdb)
    }

    /// PostgreSQL with PostGIS, heap ordered by place: microseconds a question, by name, and
    /// seconds of COPY with its index.
    pub fn postgis(&self, points: &[Point]) -> HashMap<String, f64> {
        if !self.has_postgis {
            return HashMap::new();
        }
        let path = self.folder.join("points.csv");
        let write = || -> std::io::Result<()> {
            let mut file = std::io::BufWriter::new(fs::File::create(&path)?);
            for (n, point) in points.iter().enumerate() {
                let [x, y] = crate::city::plane(point.lon, point.lat);
                let Point { service, second, closed, .. } = point;
                writeln!(file, "{n},{service},{x:.3},{y:.3},{second},{}", u8::from(*closed))?;
            }
            file.flush()
        };
        if write().is_err() {
            return HashMap::new();
        }
        figures(Command::new("bash").arg(sources().join("postgis.sh")).arg("run").arg(&self.folder))
    }
}
