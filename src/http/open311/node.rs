//! A document of Open311 GeoReport v2, written as XML or JSON. JSON follows the Spark convention:
//! the root element is omitted, and an element that only repeats one child becomes an array.

use std::fmt::Write;

use quick_xml::escape::escape;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

/// A value in a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// No value: an empty element in XML, null in JSON.
    Null,
    /// A string.
    Text(String),
    /// A boolean.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A whole number.
    Count(u64),
    /// Named values, in order.
    Fields(Vec<(&'static str, Node)>),
    /// Values of one name.
    List(&'static str, Vec<Node>),
}

impl Node {
    /// A string, or [`Self::Null`].
    pub fn maybe(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.into()))
    }

    /// A string.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_none(),
            Self::Text(text) => to.serialize_str(text),
            Self::Flag(flag) => to.serialize_bool(*flag),
            Self::Number(number) => to.serialize_f64(*number),
            Self::Count(number) => to.serialize_u64(*number),
            Self::Fields(fields) => {
                let mut map = to.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
            Self::List(_, items) => {
                let mut list = to.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
        }
    }
}

/// The document as XML, UTF-8.
pub fn xml(root: &str, node: &Node) -> Vec<u8> {
    let mut out = String::with_capacity(4 << 10);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    element(&mut out, root, node);
    out.push('\n');
    out.into_bytes()
}

fn element(out: &mut String, name: &str, node: &Node) {
    if *node == Node::Null {
        let _ = write!(out, "<{name}/>");
        return;
    }
    let _ = write!(out, "<{name}>");
    match node {
        Node::Null => {}
        Node::Text(text) => push_text(out, text),
        Node::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Node::Number(number) => _ = write!(out, "{number}"),
        Node::Count(number) => _ = write!(out, "{number}"),
        Node::Fields(fields) => fields.iter().for_each(|(name, value)| element(out, name, value)),
        Node::List(name, items) => items.iter().for_each(|item| element(out, name, item)),
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
    use super::*;

    #[test]
    fn both_languages_say_the_same() {
        let node = Node::List(
            "request",
            vec![Node::Fields(vec![
                ("service_request_id", Node::text("4RX <&> \"x\"\r\u{1}")),
                ("lat", Node::Number(46.8)),
                ("address", Node::Null),
                ("metadata", Node::Flag(true)),
                ("media", Node::List("media_url", vec![])),
            ])],
        );
        assert_eq!(
            String::from_utf8(xml("service_requests", &node)).unwrap(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<service_requests><request>\
             <service_request_id>4RX &lt;&amp;&gt; &quot;x&quot;&#13;\u{fffd}\
             </service_request_id><lat>46.8</lat><address/><metadata>true</metadata>\
             <media></media></request></service_requests>\n"
        );
        assert_eq!(
            serde_json::to_string(&node).unwrap(),
            "[{\"service_request_id\":\"4RX <&> \\\"x\\\"\\r\\u0001\",\"lat\":46.8,\
             \"address\":null,\"metadata\":true,\"media\":[]}]"
        );
    }
}
