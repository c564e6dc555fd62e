//! A service with keys whose audit is read, and how its lines are compared.

use rusqlite::Connection;
use serde_json::Value;

use super::{Answer, Folder, Service, done};

pub const QUEBEC: &str = "ville.quebec.qc.ca";
pub const OTHER: &str = "city.example";
pub const JSON: &str = "application/json";
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A service on two cities with a key of each role.
pub struct AuditedCity {
    pub folder: Folder,
    pub service: Service,
    pub keys: Vec<(&'static str, String)>,
}

/// Creates a key and returns its secret.
pub fn create(folder: &Folder, name: &str, role: &str, more: &[&str]) -> String {
    let words = [&["key", "create", "--name", name, "--role", role], more].concat();
    done(folder, &words).trim().to_owned()
}

impl AuditedCity {
    pub fn start(name: &str) -> Self {
        let folder = Folder::new(name);
        done(&folder, &["city", "add", QUEBEC]);
        done(&folder, &["city", "add", OTHER, "--time-zone", "Europe/Paris"]);
        let holders =
            [("anne", "agent"), ("marie", "crew"), ("chantal", "supervisor"), ("root", "admin")];
        let keys = holders.map(|(name, role)| (name, create(&folder, name, role, &[]))).to_vec();
        let service = Service::start(&folder, &[]);
        Self { folder, service, keys }
    }

    /// A request with the key of this name, or without one where the name is empty.
    pub fn ask(&self, who: &str, method: &str, path: &str, (kind, body): (&str, &[u8])) -> Answer {
        let key = self.keys.iter().find(|(name, _)| *name == who).map(|(_, secret)| secret);
        let bearer = key.map(|secret| format!("Bearer {secret}"));
        let mut headers = vec![("Content-Type", kind), ("Accept-Language", "en")];
        headers.extend(bearer.iter().map(|bearer| ("Authorization", bearer.as_str())));
        self.service.ask(method, path, &headers, body)
    }

    pub fn get(&self, who: &str, path: &str) -> Answer {
        self.ask(who, "GET", path, (JSON, b""))
    }

    pub fn send(&self, who: &str, method: &str, path: &str, body: &Value) -> Answer {
        let answer = self.ask(who, method, path, (JSON, body.to_string().as_bytes()));
        assert!(answer.status < 300, "{method} {path}: {answer:?}");
        answer
    }

    /// Files a report by Open311, without a key of the service; its number.
    pub fn file(&self, more: &str) -> String {
        let form = format!(
            "api_key=any&jurisdiction_id={QUEBEC}&service_code=graffiti&lat=46.81&long=-71.21{more}"
        );
        let answer = self.ask("", "POST", "/open311/v2/requests.json", (FORM, form.as_bytes()));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()[0]["service_request_id"].as_str().unwrap().to_owned()
    }

    /// Lines as the supervisor reads them, oldest first.
    pub fn lines(&self, query: &str) -> Vec<Value> {
        let answer = self.get("chantal", &format!("/api/v1/audit?limit=1000&{query}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut lines = answer.json()["lines"].as_array().unwrap().clone();
        lines.reverse();
        lines
    }

    pub fn sql(&self) -> Connection {
        let db = Connection::open(self.folder.file("city.db")).unwrap();
        db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        db
    }
}

/// Actor, operation, subject and its id of a line.
pub fn said(line: &Value) -> [String; 4] {
    ["actor", "operation", "subject", "subject_id"]
        .map(|name| line[name].as_str().unwrap_or_default().to_owned())
}

/// Field, value before and value after of what a line names.
pub fn fields(line: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let fields = line["fields"].as_array().unwrap().iter();
    fields.map(|one| (text(&one["field"]), text(&one["before"]), text(&one["after"]))).collect()
}
