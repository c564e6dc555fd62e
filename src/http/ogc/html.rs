//! JSON documents as HTML pages.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

use serde_json::Value;

use crate::i18n::Language;

/// An HTML page with the members of a JSON document; features become a table.
pub fn page(title: &str, body: &Value, language: Language) -> String {
    let mut out = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{}</title><style>{STYLE}</style><main><h1>{}</h1>",
        language.code(),
        escaped(title),
        escaped(title),
    );
    value(&mut out, body);
    out.push_str("</main></html>");
    out
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1d2a35;\
background:#f6f7f8}main{max-width:72rem;margin:0 auto;padding:1rem 1.25rem 4rem}\
h1{font-size:1.5rem}table{border-collapse:collapse;background:#fff;display:block;overflow-x:auto}\
th,td{border:1px solid #d5dbe0;padding:.3rem .55rem;text-align:left;vertical-align:top}\
dt{font-weight:600;margin-top:.6rem}dd{margin:0 0 0 1rem}a{color:#0b5cad}\
@media(prefers-color-scheme:dark){body{background:#12181d;color:#e6ebef}table{background:#1a2228}\
th,td{border-color:#33404a}a{color:#7ab8ff}}";

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

fn value(out: &mut String, body: &Value) {
    match body {
        Value::Object(object) if object.contains_key("href") => {
            let text = |name: &str| escaped(body[name].as_str().unwrap_or_default());
            let (href, rel, kind) = (text("href"), text("rel"), text("type"));
            let shown = if body["title"].is_string() { text("title") } else { href.clone() };
            let kind = if kind.is_empty() { rel } else { format!("{rel} · {kind}") };
            out.push_str(&format!("<a href=\"{href}\">{shown}</a> <small>{kind}</small>"));
        }
        Value::Object(object) => {
            out.push_str("<dl>");
            for (name, inner) in object {
                out.push_str(&format!("<dt>{}</dt><dd>", escaped(name)));
                match name.as_str() {
                    "features" => table(out, inner),
                    _ => value(out, inner),
                }
                out.push_str("</dd>");
            }
            out.push_str("</dl>");
        }
        Value::Array(list) if list.iter().any(|one| one.is_object() || one.is_array()) => {
            out.push_str("<ul>");
            for one in list {
                out.push_str("<li>");
                value(out, one);
            }
            out.push_str("</ul>");
        }
        Value::Array(list) => {
            let texts: Vec<String> = list.iter().map(text).collect();
            out.push_str(&escaped(&texts.join(", ")));
        }
        one => {
            let text = text(one);
            let is_url = text.starts_with("http://") || text.starts_with("https://");
            match is_url {
                true => out.push_str(&format!("<a href=\"{0}\">{0}</a>", escaped(&text))),
                false => out.push_str(&escaped(&text)),
            }
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Features as rows, their properties as columns.
fn table(out: &mut String, features: &Value) {
    let empty = Vec::new();
    let features = features.as_array().unwrap_or(&empty);
    let first = features.first().and_then(|feature| feature["properties"].as_object());
    let names: Vec<&String> = first.into_iter().flat_map(|object| object.keys()).collect();
    out.push_str("<table><tr><th>id</th>");
    names.iter().for_each(|name| out.push_str(&format!("<th>{}</th>", escaped(name))));
    out.push_str("</tr>");
    for feature in features {
        out.push_str(&format!("<tr><td>{}</td>", escaped(&text(&feature["id"]))));
        for name in &names {
            out.push_str(&format!("<td>{}</td>", escaped(&text(&feature["properties"][*name]))));
        }
        out.push_str("</tr>");
    }
    out.push_str("</table>");
}
