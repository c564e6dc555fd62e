//! x
fn main() { let out = std::env::var("OUT_DIR").unwrap(); std::fs::create_dir_all(format!("{out}/page")).unwrap(); std::fs::write(format!("{out}/page/index.html"), "x").unwrap(); }
