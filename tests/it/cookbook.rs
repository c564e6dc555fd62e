//! The commands that README.md and `docs/api.md` show are run unchanged, and so is the example
//! client.

use std::process::Command;

use serde_json::{Value, json};

use crate::common::{Folder, Service, demo_city, peer_or_skip};

/// The commands of the first shell block after a heading, each on one line.
fn commands(text: &str, heading: &str) -> Vec<String> {
    let begin = text.find(heading).unwrap_or_else(|| panic!("no heading {heading}"));
    let block = text[begin..].split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let block = block.replace("\\\n", " ");
    block.lines().filter(|line| line.starts_with("curl ")).map(str::to_owned).collect()
}

/// Runs a command against the service, in the folder; its answer.
fn run(command: &str, service: &Service, folder: &Folder, variables: &[(&str, String)]) -> String {
    let command = command
        .replace("127.0.0.1:8311", &service.address.to_string())
        .replace("curl ", "curl -sS --fail-with-body ");
    let ran = Command::new("sh")
        .args(["-c", &command])
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .current_dir(&folder.0)
        .output()
        .unwrap();
    assert!(ran.status.success() && !ran.stdout.is_empty(), "{command}: {ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

/// False where curl is absent, which is said or refused.
fn has_curl() -> bool {
    let curl = Command::new("curl").arg("--version").output().ok();
    peer_or_skip(curl, "curl").is_some()
}

fn city(name: &str) -> (Folder, Service) {
    let folder = demo_city(name, 3_000, 5);
    let service = Service::start(&folder, &[]);
    (folder, service)
}

#[test]
fn every_recipe_works() {
    if !has_curl() {
        return;
    }
    let (folder, service) = city("recipes");
    image::RgbImage::new(40, 30).save(folder.file("photo.jpg")).unwrap();
    let commands = commands(include_str!("../../README.md"), "## Ten recipes");
    assert!(commands.len() >= 10, "{commands:?}");
    for command in commands {
        run(&command, &service, &folder, &[]);
    }
}

#[test]
fn every_question_of_the_readme_works() {
    if !has_curl() {
        return;
    }
    let (folder, service) = city("questions");
    let commands = commands(include_str!("../../README.md"), "## Ask it");
    assert!(commands.len() >= 2, "{commands:?}");
    for command in commands {
        run(&command, &service, &folder, &[]);
    }
}

#[test]
fn every_example_of_the_api_reference_works() {
    if !has_curl() {
        return;
    }
    let (folder, service) = city("examples");
    let line = |lat: f64| json!({ "service_code": "lampadaire", "lon": -71.3, "lat": lat });
    folder.with("reports.ndjson", format!("{}\n{}\n", line(46.85), line(46.87)));
    let file = "curl -X POST http://127.0.0.1:8311/api/v1/reports \
                -H 'Content-Type: application/json' -d";
    let filed = |lat: f64| -> String {
        let report = run(&format!("{file} '{}'", line(lat)), &service, &folder, &[]);
        let report: Value = serde_json::from_str(&report).unwrap();
        report["properties"]["service_request_id"].as_str().unwrap().to_owned()
    };
    let mut variables = vec![("ID", filed(46.80)), ("OTHER", filed(46.8001))];
    let commands = commands(include_str!("../../docs/api.md"), "## Examples");
    assert!(commands.len() >= 12, "{commands:?}");
    for command in commands {
        let answer = run(&command, &service, &folder, &variables);
        if command.contains("/merge") {
            let answer: Value = serde_json::from_str(&answer).unwrap();
            let change = answer["changes"].as_array().unwrap().last().unwrap();
            variables.push(("CHANGE", change["change_id"].to_string()));
        }
    }
}

#[test]
fn the_example_client_works() {
    let folder = demo_city("client", 3_000, 5);
    let service = Service::start(&folder, &[]);
    let url = format!("http://{}", service.address);
    let ran = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--example", "client", "--", &url])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    assert!(String::from_utf8_lossy(&ran.stdout).contains("reported "), "{ran:?}");
}
