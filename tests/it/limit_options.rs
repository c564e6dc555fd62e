//! The table of limits: every limit has an option, an environment variable and a line in the guide.

use std::fs;
use std::path::Path;

use pointchaud::config::{LIMITS, LimitUnit, Limits};

use crate::common::*;

const BEGIN: &str =
    "<!-- limits: written from src/config/mod.rs by tests/it/limit_options.rs -->\n";
const END: &str = "<!-- /limits -->";

/// The table of the guide.
fn table() -> String {
    let mut out = "| option | environment variable | default | what it bounds |\n\
                   |---|---|---|---|\n"
        .to_owned();
    for limit in LIMITS {
        let (option, variable) = (limit.option(), limit.variable());
        let (default, what) = (limit.default_text(), limit.description());
        let value = limit.value_name().replace('|', "\\|");
        out += &format!("| `--{option} {value}` | `{variable}` | {default} | {what} |\n");
    }
    out
}

/// `UPDATE_DOCS=1` writes the table; without it the guide must have it.
#[test]
fn every_limit_is_in_the_guide_with_its_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the table's begin");
    let (found, after) = rest.split_once(END).expect("the table's end");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
    } else {
        assert_eq!(found, table(), "`UPDATE_DOCS=1 cargo test --test it limit_options` renews it");
    }
}

#[test]
fn every_limit_is_in_the_help_of_serve() {
    let folder = Folder::new("help");
    let help = done(&folder, &["serve", "--help"]);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for limit in LIMITS {
        let option = format!("--{} <{}>", limit.option(), limit.value_name());
        assert!(help.contains(&option), "{option}");
        let end = format!("{} (default: {})", limit.description(), limit.default_text());
        assert!(help.contains(&end), "{end}");
        assert!(help.contains(&format!("[env: {}=", limit.variable())), "{}", limit.variable());
    }
}

#[test]
fn every_member_of_the_limits_is_in_the_table() {
    // The debug text names each member once.
    let members = format!("{:?}", Limits::default());
    assert_eq!(members.matches(": ").count(), LIMITS.len());
    assert!(LIMITS.iter().all(|limit| members.contains(&format!("{}: ", limit.name))));
}

#[test]
fn a_value_that_is_none_is_refused_with_option_and_reason() {
    let folder = Folder::new("limits");
    for limit in LIMITS {
        let option = format!("--{}", limit.option());
        let out = run(&folder, &["serve", "--listen", "127.0.0.1:0", &option, "many"]);
        let text = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{text}");
        assert!(text.contains(&option) && text.contains("must be a"), "{text}");
        let seconds = limit.unit == LimitUnit::Seconds;
        assert_eq!(text.contains("seconds"), seconds, "{text}");
    }
}

#[test]
fn options_and_variables_set_limits() {
    let folder = demo_city("set", 500, 3);
    let status = |arguments: &[&str], variables: &[(&str, &str)]| {
        let service = Service::start_with(&folder, arguments, variables);
        service.post("/api/v1/reports", &format!("{{{}}}", " ".repeat(3_000))).status
    };
    assert_eq!(status(&[], &[]), 400);
    assert_eq!(status(&["--body-bytes-max", "2K"], &[]), 413);
    assert_eq!(status(&[], &[("POINTCHAUD_BODY_BYTES_MAX", "2048")]), 413);
    // An option counts more than a variable.
    assert_eq!(status(&["--body-bytes-max", "4K"], &[("POINTCHAUD_BODY_BYTES_MAX", "2048")]), 400);
}
