//! The schemas of the OpenAPI document that belong to other formats than the JSON of the API, against
//! real requests and answers: the JSON and XML of Open311, and the lines of batches.

use crate::common::{Answer, Service, demo_city};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

/// Is a value what the document says, with no member that it does not name?
pub fn fits(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        let known = &document["components"]["schemas"][name];
        assert!(known.is_object(), "{name} is not in the document");
        return fits(document, known, value, at);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let tried: Vec<_> = any.iter().map(|one| fits(document, one, value, at)).collect();
        let fitting = tried.iter().any(Result::is_ok);
        return if fitting { Ok(()) } else { tried.into_iter().collect() };
    }
    let wrong = || Err(format!("{at}: {value} against {schema}"));
    if value.is_null() {
        let listed = schema["enum"].as_array().is_none_or(|words| words.contains(value));
        return if schema["nullable"] == true && listed { Ok(()) } else { wrong() };
    }
    for one in schema["allOf"].as_array().into_iter().flatten() {
        fits(document, one, value, at)?;
    }
    let is = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    };
    let message = schema["enum"].as_array();
    if !is || message.is_some_and(|message| !message.contains(value)) {
        return wrong();
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        fits(document, &schema["items"], item, &format!("{at}/{n}"))?;
    }
    let Some(members) = value.as_object() else { return Ok(()) };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !members.contains_key(name.as_str().unwrap()) {
            return Err(format!("{at}: no {name}"));
        }
    }
    for (name, member) in members {
        let known = match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Null) if schema["properties"].is_null() => continue,
            (Value::Null, Value::Null) => return Err(format!("{at}: {name} is not documented")),
            (Value::Null, other) => other,
            (known, _) => known,
        };
        fits(document, known, member, &format!("{at}/{name}"))?;
    }
    Ok(())
}

/// The schema of the content of a response or a request body.
fn schema<'a>(holder: &'a Value, media_type: &str, at: &str) -> &'a Value {
    let schema = &holder["content"][media_type.split(';').next().unwrap()]["schema"];
    assert!(schema.is_object(), "{at}: {media_type} is not documented: {holder}");
    schema
}

/// The response to which an answer belongs.
fn response<'a>(operation: &'a Value, answer: &Answer) -> &'a Value {
    let responses = &operation["responses"];
    let known = responses.get(answer.status.to_string());
    known.unwrap_or(&responses["default"])
}

fn media_type(answer: &Answer) -> &str {
    answer.header("content-type").unwrap_or_default()
}

/// An XML element: its name, its text, its child elements.
#[derive(Debug, Default)]
struct XmlElement {
    name: String,
    text: String,
    children: Vec<XmlElement>,
}

fn parsed(xml: &[u8]) -> XmlElement {
    let text = String::from_utf8(xml.to_vec()).unwrap();
    let mut reader = Reader::from_str(&text);
    let mut open = vec![XmlElement::default()];
    loop {
        let named = |name: &str| XmlElement { name: name.to_owned(), ..XmlElement::default() };
        match reader.read_event().unwrap() {
            Event::Start(start) => open.push(named(start.name().as_ref())),
            Event::Empty(empty) => {
                let element = named(empty.name().as_ref());
                open.last_mut().unwrap().children.push(element);
            }
            Event::End(_) => {
                let element = open.pop().unwrap();
                open.last_mut().unwrap().children.push(element);
            }
            Event::Text(text) => open.last_mut().unwrap().text += &*text,
            Event::GeneralRef(name) => {
                let code = match &*name {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    other => panic!("&{other};"),
                };
                open.last_mut().unwrap().text.push(code);
            }
            Event::Eof => return open.pop().unwrap().children.pop().unwrap(),
            _ => {}
        }
    }
}

/// The JSON of an XML element, read as the schema describes it.
fn of_xml(document: &Value, schema: &Value, element: &XmlElement) -> Result<Value, String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return of_xml(document, &document["components"]["schemas"][name], element);
    }
    if let Some([one]) = schema["allOf"].as_array().map(Vec::as_slice) {
        return of_xml(document, one, element);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let tried: Vec<_> = any.iter().map(|one| of_xml(document, one, element)).collect();
        let read = tried.iter().find(|one| one.is_ok()).cloned();
        return read.unwrap_or_else(|| Err(format!("{tried:?}")));
    }
    let wrong = || Err(format!("{} against {schema}", element.name));
    let named = &schema["xml"]["name"];
    if named.is_string() && *named != element.name.as_str() {
        return wrong();
    }
    let (text, children) = (&element.text, &element.children);
    if text.is_empty() && children.is_empty() && schema["nullable"] == true {
        return Ok(Value::Null);
    }
    match schema["type"].as_str() {
        Some("string") => Ok(json!(text)),
        Some("boolean") => text.parse().map(Value::Bool).or_else(|_| wrong()),
        Some("integer" | "number") => text.parse::<Value>().or_else(|_| wrong()),
        Some("array") => {
            assert_eq!(schema["xml"]["wrapped"], true, "{schema}");
            children.iter().map(|one| of_xml(document, &schema["items"], one)).collect()
        }
        Some("object") => {
            let member = |one: &XmlElement| {
                let known = &schema["properties"][&one.name];
                Ok((one.name.clone(), of_xml(document, known, one)?))
            };
            Ok(Value::Object(children.iter().map(member).collect::<Result<Map<_, _>, String>>()?))
        }
        _ => wrong(),
    }
}

/// Numbers as floating-point numbers: XML does not show whether one is whole.
fn floating(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(list) => list.into_iter().map(floating).collect(),
        Value::Object(object) => {
            object.into_iter().map(|(name, value)| (name, floating(value))).collect()
        }
        other => other,
    }
}

#[test]
fn answers_of_open311_are_what_the_document_says_in_json_and_in_xml() {
    let folder = demo_city("schemas", 2_000, 5);
    let service = Service::start_with_key(&folder);
    let document = service.get("/api/openapi.json").json();
    let form = "api_key=k&service_code=lampadaire&lat=46.81&long=-71.21&description=a%3Cb%26c";
    let filed = service.ask("POST", "/open311/v2/requests.json", &[], form.as_bytes()).json();
    let id = filed[0]["service_request_id"].as_str().unwrap().to_owned();
    let update = format!("api_key=k&service_request_id={id}&status=IN_PROGRESS&account_id=7");
    service.ask("POST", "/open311/v2/servicerequestupdates.json", &[], update.as_bytes());
    // Days of the generated city: without dates the list is of the last 90 days.
    let closed = "requests.{}?extensions=true&status=closed&start_date=2026-08-01T00:00:00Z\
                  &end_date=2026-10-01T00:00:00Z";
    let mut refused = 0;
    for (route, method, path, body) in [
        ("{name}", "get", "discovery.{}", ""),
        ("{name}", "get", "services.{}", ""),
        ("{name}", "get", "requests.{}?page_size=300", ""),
        ("{name}", "get", closed, ""),
        ("{name}", "get", "requests.{}?status=licorne&page_size=0", ""),
        ("services/{name}", "get", "services/lampadaire.{}", ""),
        ("services/{name}", "get", "services/licorne.{}", ""),
        ("requests/{name}", "get", "requests/ID.{}?extensions=true", ""),
        ("requests/{name}", "get", "requests/licorne.{}", ""),
        ("tokens/{name}", "get", "tokens/ID.{}", ""),
        ("{name}", "get", "servicerequestupdates.{}", ""),
        ("{name}", "get", "servicerequestupdates.{}?extensions=true", ""),
        ("{name}", "get", "servicerequestupdates.{}?page=0", ""),
        ("{name}", "post", "servicerequestupdates.{}", update.as_str()),
        ("{name}", "post", "servicerequestupdates.{}", "api_key=k&status=licorne"),
        ("{name}", "post", "requests.{}?dedupe=attach", form),
        ("{name}", "post", "requests.{}", "service_code=lampadaire"),
        ("{name}", "post", "requests.{}", "api_key=k&service_code=licorne&lat=a"),
    ] {
        let operation = &document["paths"][format!("/open311/v2/{route}")][method];
        let ask = |format: &str| {
            let path = format!("/open311/v2/{}", path.replace("ID", &id).replace("{}", format));
            service.ask(&method.to_uppercase(), &path, &[], body.as_bytes())
        };
        let answer = ask("json");
        let of_json = schema(response(operation, &answer), media_type(&answer), path);
        let value = answer.json();
        fits(&document, of_json, &value, path).unwrap();
        refused += usize::from(answer.status >= 400);
        // The schema is not so loose that it describes anything: nothing may be missing or more.
        let mut other = value.clone();
        let first = if other.is_array() { &mut other[0] } else { &mut other };
        let members = first.as_object_mut().unwrap();
        members.insert("colour".into(), json!("red"));
        assert!(fits(&document, of_json, &other, path).is_err(), "{path}");
        let first = if other.is_array() { &mut other[0] } else { &mut other };
        let members = first.as_object_mut().unwrap();
        members.remove("colour");
        let name = members.keys().next().unwrap().clone();
        members.remove(&name);
        assert!(fits(&document, of_json, &other, path).is_err(), "{path} without {name}");
        // The XML says the same, read by its schema. A request that is filed again has another id.
        let xml = ask("xml");
        assert_eq!(xml.status, answer.status, "{path}");
        let of_xml_schema = schema(response(operation, &xml), media_type(&xml), path);
        let read = of_xml(&document, of_xml_schema, &parsed(&xml.body)).unwrap();
        fits(&document, of_json, &read, path).unwrap();
        if method == "get" && answer.status < 300 {
            assert_eq!(floating(read), floating(value), "{path}");
        }
    }
    assert_eq!(refused, 7);
}

#[test]
fn lines_of_batches_are_what_the_document_says() {
    let folder = demo_city("schemas-lines", 500, 5);
    let service = Service::start_with_key(&folder);
    let document = service.get("/api/openapi.json").json();
    let ndjson = "application/x-ndjson";
    for (path, good, bad) in [
        (
            "/api/v1/reports/batch",
            r#"{"service_code":"graffiti","lon":-71.21,"lat":46.81,"description":"x"}"#,
            r#"{"service_code":"graffiti","lon":"a","colour":1}"#,
        ),
        (
            "/api/v1/duplicates/batch",
            r#"{"service":"graffiti","lon":-71.21,"lat":46.81,"accuracy_m":20}"#,
            r#"{"service":"graffiti","lon":-71.21,"lat":46.81,"accuracy_m":"a"}"#,
        ),
    ] {
        let operation = &document["paths"][path]["post"];
        let asked = schema(&operation["requestBody"], ndjson, path);
        let value = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        fits(&document, asked, &value(good), path).unwrap();
        assert!(fits(&document, asked, &value(bad), path).is_err(), "{path}");
        let answer = service.ask("POST", path, &[], format!("{good}\n{bad}\n\n{{").as_bytes());
        assert_eq!((answer.status, media_type(&answer)), (200, ndjson), "{path}");
        let answered = schema(response(operation, &answer), ndjson, path);
        let text = String::from_utf8(answer.body.clone()).unwrap();
        let lines: Vec<Value> = text.lines().map(value).collect();
        let rows: Vec<u64> = lines.iter().map(|line| line["row"].as_u64().unwrap()).collect();
        assert_eq!(rows, [1, 2, 4], "{path}");
        for line in &lines {
            fits(&document, answered, line, path).unwrap();
            let mut other = line.clone();
            other.as_object_mut().unwrap().remove("row");
            assert!(fits(&document, answered, &other, path).is_err(), "{path}: {other}");
        }
        assert!(lines[0]["status"].is_null() || lines[0]["status"] == 201, "{path}: {text}");
        assert_eq!((&lines[1]["status"], &lines[2]["status"]), (&json!(400), &json!(400)));
    }
}
