//! What the README tells integrators to type is typed: its commands, and the example client.

use std::process::Command;

use crate::common::{Service, demo_city, peer_or_skip};

#[test]
fn every_command_of_the_cookbook_works() {
    let curl = Command::new("curl").arg("--version").output().ok();
    let Some(_) = peer_or_skip(curl, "curl") else { return };
    let folder = demo_city("cookbook", 3_000, 5);
    let service = Service::start(&folder, &[]);
    let image = image::RgbImage::new(40, 30);
    image.save(folder.file("photo.jpg")).unwrap();
    let readme = include_str!("../../README.md");
    let begin = readme.find("### Cookbook").expect("the README has a cookbook");
    let part = &readme[begin..];
    let part = part.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let commands = part.replace("\\\n", " ");
    let commands = commands.lines().filter(|line| line.starts_with("curl "));
    let mut count = 0;
    for command in commands {
        let command = command
            .replace("127.0.0.1:8311", &service.address.to_string())
            .replace("curl ", "curl -sS --fail-with-body ");
        let ran =
            Command::new("sh").args(["-c", &command]).current_dir(&folder.0).output().unwrap();
        assert!(ran.status.success() && !ran.stdout.is_empty(), "{command}: {ran:?}");
        count += 1;
    }
    assert_eq!(count, 10, "the recipes of the README");
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
