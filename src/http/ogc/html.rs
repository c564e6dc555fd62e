//! JSON documents as HTML pages.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

use serde_json::Value;

use crate::domain::Interrupt;
use crate::error::Result;
use crate::i18n::Language;

/// An HTML page with the members of a JSON document; features become a table.
pub fn page(title: &str, body: &Value, language: Language) -> String {
    let mut out = begun(title, language);
    value(&mut out, body);
    out.push_str("</main></html>");
    out
}

/// An HTML page of a collection of features, of which `body` has the other members and an empty
/// list. Takes memory for one feature at a time.
///
/// # Errors
/// Those of the features; nobody waits for the page any more.
pub fn page_of_features(
    title: &str,
    body: &Value,
    (features, interrupt): (&mut dyn Iterator<Item = Result<Value>>, &Interrupt),
    language: Language,
) -> Result<String> {
    let mut out = begun(title, language);
    out.push_str("<dl>");
    let members = body.as_object().into_iter().flatten();
    for (name, inner) in members.filter(|(name, _)| *name != FEATURES) {
        member(&mut out, name, inner);
    }
    out.push_str(&format!("<dt>{FEATURES}</dt><dd><table>"));
    let mut names: Option<Vec<String>> = None;
    for feature in features {
        interrupt.check()?;
        let feature = feature?;
        let names = names.get_or_insert_with(|| columns(&mut out, &feature));
        row(&mut out, &feature, names);
    }
    if names.is_none() {
        columns(&mut out, &Value::Null);
    }
    out.push_str("</table></dd></dl></main></html>");
    Ok(out)
}

/// The name of the member with the features.
const FEATURES: &str = "features";

/// The start of a page.
fn begun(title: &str, language: Language) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{}</title><style>{STYLE}</style><main><h1>{}</h1>",
        language.code(),
        escaped(title),
        escaped(title),
    )
}

/// A member of a document.
fn member(out: &mut String, name: &str, inner: &Value) {
    out.push_str(&format!("<dt>{}</dt><dd>", escaped(name)));
    value(out, inner);
    out.push_str("</dd>");
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
            object.iter().for_each(|(name, inner)| member(out, name, inner));
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

/// Begins a table of features with the names of its columns, which are the properties of the first
/// one.
fn columns(out: &mut String, first: &Value) -> Vec<String> {
    let properties = first["properties"].as_object();
    let names: Vec<String> =
        properties.into_iter().flat_map(|object| object.keys().cloned()).collect();
    out.push_str("<tr><th>id</th>");
    names.iter().for_each(|name| out.push_str(&format!("<th>{}</th>", escaped(name))));
    out.push_str("</tr>");
    names
}

/// A feature as a row of a table.
fn row(out: &mut String, feature: &Value, names: &[String]) {
    out.push_str(&format!("<tr><td>{}</td>", escaped(&text(&feature["id"]))));
    for name in names {
        out.push_str(&format!("<td>{}</td>", escaped(&text(&feature["properties"][name]))));
    }
    out.push_str("</tr>");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_whose_client_has_left_is_not_written_to_its_end() {
        let interrupt = Interrupt::default();
        let mut guard = Some(interrupt.clone().raised_on_drop());
        let mut made = 0;
        let mut features = std::iter::repeat_with(|| {
            made += 1;
            if made == 50 {
                guard = None;
            }
            Ok(json!({ "id": "r", "properties": { "status": "open" } }))
        });
        let list = (&mut features as &mut dyn Iterator<Item = _>, &interrupt);
        let page = page_of_features("Reports", &json!({}), list, Language::English);
        assert!(page.is_err());
        assert!(made <= 51, "{made}");
    }

    #[test]
    fn features_become_rows_under_the_properties_of_the_first() {
        let rows = [json!({ "id": "a", "properties": { "n": 1 } }), json!({ "id": "<b>" })];
        let mut features = rows.into_iter().map(Ok);
        let list = (&mut features as &mut dyn Iterator<Item = _>, &Interrupt::default());
        let head = json!({ "numberMatched": 2, "features": [] });
        let page = page_of_features("R", &head, list, Language::English).unwrap();
        let table = "<table><tr><th>id</th><th>n</th></tr><tr><td>a</td><td>1</td></tr>\
                     <tr><td>&lt;b&gt;</td><td>–</td></tr></table>";
        assert!(page.contains("<dt>numberMatched</dt><dd>2</dd>"), "{page}");
        assert!(page.ends_with(&format!("{table}</dd></dl></main></html>")), "{page}");
    }
}
