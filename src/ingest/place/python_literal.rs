//! Literals of Python, as programs print dictionaries and lists.

/// A Python literal as JSON: strings in double quotes, `None`, `True` and `False` in JSON's words.
pub fn python_as_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    let mut quote = None;
    let mut signs = text.chars();
    let mut word = String::new();
    let flush = |word: &mut String, json: &mut String| {
        json.push_str(match word.as_str() {
            "None" | "nan" | "NaN" => "null",
            "True" => "true",
            "False" => "false",
            other => other,
        });
        word.clear();
    };
    while let Some(sign) = signs.next() {
        match (quote, sign) {
            (None, c) if c.is_alphanumeric() || "+-._".contains(c) => word.push(c),
            (None, c) => {
                flush(&mut word, &mut json);
                if c == '\'' || c == '"' {
                    quote = Some(c);
                    json.push('"');
                } else {
                    json.push(c);
                }
            }
            (Some(open), c) if c == open => {
                quote = None;
                json.push('"');
            }
            (Some(_), '\\') => match signs.next() {
                Some('\'') => json.push('\''),
                Some(other) => json.extend(['\\', other]),
                None => {}
            },
            (Some(_), '"') => json.push_str("\\\""),
            (Some(_), c) if c.is_control() => json.push(' '),
            (Some(_), c) => json.push(c),
        }
    }
    flush(&mut word, &mut json);
    json
}
