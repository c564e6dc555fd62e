//! The XML of a document of Open311 GeoReport v2, made from its JSON. JSON follows the Spark
//! convention: the root element is omitted, and an element that only repeats one child becomes an
//! array. Here an array becomes an element with one child for each item, and null an empty element.

use std::fmt::Write;

use quick_xml::escape::escape;
use serde_json::Value;

/// The document as XML, UTF-8; `root` is the name of its root element.
pub fn xml(root: &str, document: &Value) -> Vec<u8> {
    let mut out = String::with_capacity(4 << 10);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    element(&mut out, root, document);
    out.push('\n');
    out.into_bytes()
}

/// The name of the child elements of an element that is an array in JSON: the singular.
fn child(name: &str) -> &str {
    match name {
        "service_requests" => "request",
        "service_request_updates" => "request_update",
        other => other.strip_suffix('s').unwrap_or(other),
    }
}

fn element(out: &mut String, name: &str, value: &Value) {
    if value.is_null() {
        let _ = write!(out, "<{name}/>");
        return;
    }
    let _ = write!(out, "<{name}>");
    match value {
        Value::Null => {}
        Value::String(text) => push_text(out, text),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(number) => _ = write!(out, "{number}"),
            None => _ = write!(out, "{number}"),
        },
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| element(out, name, value));
        }
        Value::Array(items) => items.iter().for_each(|item| element(out, child(name), item)),
    }
    let _ = write!(out, "</{name}>");
}

/// Writes a text. XML 1.0 cannot represent most control characters; each becomes U+FFFD.
fn push_text(out: &mut String, text: &str) {
    let cannot = |c: char| {
        let control = c < ' ' && !['\t', '\n', '\r'].contains(&c);
        control || c == '\u{fffe}' || c == '\u{ffff}'
    };
    // XML parsers turn a bare carriage return into a line feed, so it is written as a reference.
    if !text.contains(|c: char| cannot(c) || c == '\r') {
        return out.push_str(&escape(text));
    }
    for (n, line) in text.split('\r').enumerate() {
        if n > 0 {
            out.push_str("&#13;");
        }
        out.push_str(&escape(line.replace(cannot, "\u{fffd}").as_str()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_languages_say_the_same() {
        let document = json!([{
            "service_request_id": "4RX <&> \"x\"\r\u{1}",
            "lat": 46.8,
            "long": -71.0,
            "order": 3,
            "address": null,
            "zipcode": "",
            "metadata": true,
            "media_urls": [],
            "values": ["a", "b"],
        }]);
        assert_eq!(
            String::from_utf8(xml("service_requests", &document)).unwrap(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<service_requests><request>\
             <service_request_id>4RX &lt;&amp;&gt; &quot;x&quot;&#13;\u{fffd}\
             </service_request_id><lat>46.8</lat><long>-71</long><order>3</order><address/>\
             <zipcode></zipcode><metadata>true</metadata><media_urls></media_urls>\
             <values><value>a</value><value>b</value></values></request></service_requests>\n"
        );
        for (list, item) in [("services", "service"), ("service_request_updates", "request_update")]
        {
            let written = String::from_utf8(xml(list, &json!([1]))).unwrap();
            let inner = format!("<{list}><{item}>1</{item}></{list}>\n");
            assert!(written.ends_with(&inner), "{written}");
        }
    }
}
