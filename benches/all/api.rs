//! Requests checked against the OpenAPI document of the running service. A parameter or field that
//! has become required is named before anything is measured.

use serde_json::Value;

use crate::server::Server;
use crate::table::Outcome;

/// The document that the service publishes.
pub struct Api {
    document: Value,
}

impl Api {
    /// Reads the document.
    pub fn read(server: &Server) -> Outcome<Self> {
        let answer = server.get_ok("/api/openapi.json")?;
        Ok(Self { document: serde_json::from_slice(&answer.body)? })
    }

    /// The path and query of a GET. Values are taken as they are, already percent-encoded.
    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Outcome<String> {
        let operation = self.operation(path, "get")?;
        let empty = Vec::new();
        let declared = operation["parameters"].as_array().unwrap_or(&empty);
        let declared: Vec<&Value> = declared.iter().filter(|one| one["in"] == "query").collect();
        for (name, _) in query {
            if declared.iter().all(|one| one["name"] != *name) {
                return Err(format!("GET {path} has no parameter `{name}`").into());
            }
        }
        for one in declared.iter().filter(|one| one["required"] == true) {
            if query.iter().all(|(name, _)| one["name"] != *name) {
                return Err(
                    format!("GET {path} requires {}, which is not sent", one["name"]).into()
                );
            }
        }
        let pairs: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Ok(if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) })
    }

    /// Checks that a JSON body has the required fields of a POST and no unknown ones.
    pub fn check_body(&self, path: &str, body: &str) -> Outcome<()> {
        let operation = self.operation(path, "post")?;
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let schema = match schema["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')),
            None => Some(schema),
        };
        let schema = schema.filter(|schema| schema["properties"].is_object());
        let schema = schema.ok_or_else(|| format!("POST {path} has no schema of its body"))?;
        let body: Value = serde_json::from_str(body)?;
        let fields = body.as_object().ok_or("the body is no object")?;
        for required in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(required.as_str().unwrap_or_default()) {
                return Err(format!("POST {path} requires the field {required}").into());
            }
        }
        match fields.keys().find(|field| schema["properties"].get(field.as_str()).is_none()) {
            Some(field) => Err(format!("POST {path} has no field `{field}`").into()),
            None => Ok(()),
        }
    }

    /// The operation of a path: a path template matches segment by segment, literal ones first.
    fn operation(&self, path: &str, method: &str) -> Outcome<&Value> {
        let paths = self.document["paths"].as_object().ok_or("the document has no paths")?;
        let matches = |template: &str| {
            let (mut given, mut known) = (path.split('/'), template.split('/'));
            loop {
                match (given.next(), known.next()) {
                    (None, None) => return true,
                    (Some(given), Some(known)) if known == given || known.contains('{') => {}
                    _ => return false,
                }
            }
        };
        let found = paths.iter().filter(|(template, _)| matches(template));
        let best = found.min_by_key(|(template, _)| template.matches('{').count());
        let operation = best.and_then(|(_, operations)| operations.get(method));
        Ok(operation.ok_or_else(|| format!("the API has no {method} {path}"))?)
    }
}
