//! Builds the map page of `static/` into the program: `npm ci` when the lock file has changed, then
//! `static/build.mjs`. `SKIP_WEB=1` leaves the page out, for API-only builds without Node.

use std::path::{Path, PathBuf};
use std::process::{Command, exit};

fn main() {
    println!("cargo:rerun-if-env-changed=SKIP_WEB");
    println!("cargo:rerun-if-changed=static/locales");
    // The files of `static/` one by one: the folder as a whole would include `node_modules`.
    for entry in std::fs::read_dir("static").into_iter().flatten().flatten() {
        if entry.path().is_file() {
            println!("cargo:rerun-if-changed={}", entry.path().display());
        }
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("page");
    if std::env::var_os("SKIP_WEB").is_some_and(|skip| skip != "0") {
        let note = "<!doctype html><title>pointchaud</title><p>Built without its page (SKIP_WEB).";
        std::fs::create_dir_all(&out).expect("OUT_DIR can be written");
        std::fs::write(out.join("index.html"), note).expect("OUT_DIR can be written");
        return;
    }
    let installed = Path::new("static/node_modules/.package-lock.json");
    if !is_newer(installed, Path::new("static/package-lock.json")) {
        run("npm", Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]));
    }
    run("node", Command::new("node").arg("build.mjs").arg(&out));
}

fn is_newer(a: &Path, b: &Path) -> bool {
    let time = |path: &Path| path.metadata().and_then(|meta| meta.modified()).ok();
    matches!((time(a), time(b)), (Some(a), Some(b)) if a >= b)
}

fn run(name: &str, command: &mut Command) {
    let status = command.current_dir("static").status();
    if !status.is_ok_and(|status| status.success()) {
        eprintln!(
            "`{name}` failed: the map page needs Node.js 20 or newer and npm; SKIP_WEB=1 builds without it"
        );
        exit(1);
    }
}
