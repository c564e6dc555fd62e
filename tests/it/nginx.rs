//! Behind nginx, as the guide configures it: clients have their own addresses and rates, and
//! nothing is changed without a key.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command};

use crate::common::*;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const BEARER: (&str, &str) = ("Authorization", "Bearer 0123456789abcdef0123456789abcdef");
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// The example of the guide.
fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let text = fs::read_to_string(path).unwrap();
    let example = text.split("```nginx\n").nth(1).expect("an example for nginx");
    example.split("```").next().unwrap().to_owned()
}

struct Nginx {
    child: Child,
    client: Client,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// nginx in front of a service, without TLS of its own; `None` where it is not installed.
fn in_front_of(service: SocketAddr, folder: &Folder) -> Option<Nginx> {
    let known =
        ["/usr/sbin/nginx", "/usr/bin/nginx"].into_iter().find(|path| Path::new(path).exists());
    let program = peer_or_skip(known, "nginx")?;
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let lines = example().replace("127.0.0.1:8311", &service.to_string());
    let lines = lines.replace("listen 443 ssl http2;", &format!("listen {address};"));
    let lines = lines.lines().filter(|line| !line.trim_start().starts_with("ssl_"));
    let server = lines.collect::<Vec<_>>().join("\n");
    let files = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {name};\n"))
        .concat();
    let main = format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log nginx.log;\n\
         events {{}}\nhttp {{\naccess_log off;\n{files}{server}\n}}\n"
    );
    let configuration = folder.with("nginx.conf", main);
    let child = Command::new(program)
        .args(["-p", folder.0.to_str().unwrap(), "-c", configuration.to_str().unwrap()])
        .args(["-e", "nginx.log"])
        .spawn()
        .unwrap();
    let nginx = Nginx { child, client: Client { address, key: None } };
    eventually("nginx listens", || std::net::TcpStream::connect(address).is_ok());
    Some(nginx)
}

#[test]
fn clients_behind_nginx_have_their_own_rates_and_need_a_key() {
    let folder = Folder::new("nginx-key");
    let arguments = [
        "--trusted-proxy",
        "127.0.0.1",
        "--crew-key",
        KEY,
        "--rate-reads",
        "4",
        "--rate-tiles",
        "0",
    ];
    let service = Service::start(&folder, &arguments);
    let Some(nginx) = in_front_of(service.address, &folder) else { return };
    let nginx = nginx;
    let public = nginx.client.get("/ogc?f=json");
    assert_eq!(public.status, 200);
    let text = String::from_utf8_lossy(&public.body).into_owned();
    assert!(text.contains("\"http://"), "{text}");
    assert!(text.contains(&format!("{}/ogc", nginx.client.address)), "{text}");
    // What a client writes into the headers of proxies changes nothing.
    let mut statuses = Vec::new();
    for n in 0..6 {
        let spoof = format!("198.51.100.{n}");
        let forwarded = format!("for={spoof}");
        let headers = [
            ("X-Forwarded-For", spoof.as_str()),
            ("X-Real-IP", spoof.as_str()),
            ("Forwarded", forwarded.as_str()),
        ];
        statuses.push(nginx.client.ask("GET", "/api/v1/reports", &headers, b"").status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429, 429], "one of four was used above");
    // With the key crews work; it has its own rate.
    let change = |headers: &[(&str, &str)]| {
        nginx.client.ask("PATCH", "/api/v1/reports/none", headers, b"{}").status
    };
    assert_eq!(change(&[JSON]), 401);
    // It is let in, and what it wants to change is looked at.
    assert_eq!(change(&[JSON, BEARER]), 400);
    let read = nginx.client.ask("GET", "/api/v1/reports", &[BEARER], b"");
    assert_eq!(read.status, 200);
    // A map tile, which is empty, has no limit here.
    assert_eq!(nginx.client.get("/tiles/reports/0/0/0").status, 204);
}

#[test]
fn without_a_key_nothing_is_changed_through_nginx() {
    let folder = Folder::new("nginx-open");
    for arguments in [&["--trusted-proxy", "127.0.0.1"][..], &[]] {
        let service = Service::start(&folder, arguments);
        let Some(nginx) = in_front_of(service.address, &folder) else { return };
        assert_eq!(nginx.client.get("/api/v1/reports").status, 200);
        let filed = nginx.client.post("/api/v1/reports", r#"{"service_code":"graffiti"}"#);
        assert_eq!(filed.status, 201);
        let change = nginx.client.ask("PATCH", "/api/v1/reports/none", &[JSON], b"{}");
        assert_eq!(change.status, 403, "{arguments:?}");
        assert_eq!(nginx.client.get("/api/v1/imports").status, 403, "{arguments:?}");
    }
}
