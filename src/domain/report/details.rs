//! Fields that few reports have: answers to the questions of the service, photos, and optional
//! fields of Open311.

use crate::domain::time::ReportTime;

/// The fields of a report that few reports have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// Identifier of the address in the city's master address file (Open311 `address_id`).
    pub address_id: Option<String>,
    /// Postal code.
    pub zipcode: Option<String>,
    /// Information of the city for the sender (Open311 `service_notice`).
    pub notice: Option<String>,
    /// When the work is expected to be done (Open311 `expected_datetime`).
    pub expected: Option<ReportTime>,
    /// Answers to the questions of the service's definition.
    pub answers: Vec<AttributeValue>,
    /// Photos: URLs on other servers, or paths of this service.
    pub media: Vec<String>,
}

/// The answer to one question of a service's definition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AttributeValue {
    /// Code of the question.
    pub code: String,
    /// The values chosen: one, or several of a list with several choices.
    pub values: Vec<String>,
}

impl Details {
    /// Whether every field is empty.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Answers as text: a line `code=value` for each value, in which `\n` stands for a line break and
/// `\\` for a backslash.
pub fn answers_text(answers: &[AttributeValue]) -> Option<String> {
    let lines = answers.iter().flat_map(|answer| {
        let value = |value: &String| value.replace('\\', "\\\\").replace('\n', "\\n");
        answer.values.iter().map(move |text| format!("{}={}", answer.code, value(text)))
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    (!text.is_empty()).then_some(text)
}

/// The inverse of [`answers_text`]; lines without a code are ignored.
pub fn read_answers(text: &str) -> Vec<AttributeValue> {
    let mut answers: Vec<AttributeValue> = Vec::new();
    for (code, value) in text.lines().filter_map(|line| line.split_once('=')) {
        let mut read = String::with_capacity(value.len());
        let mut signs = value.chars();
        while let Some(sign) = signs.next() {
            match sign {
                '\\' if signs.clone().next() == Some('n') => {
                    signs.next();
                    read.push('\n');
                }
                '\\' => read.extend(signs.next()),
                other => read.push(other),
            }
        }
        match answers.last_mut().filter(|last| last.code == code) {
            Some(last) => last.values.push(read),
            None => answers.push(AttributeValue { code: code.to_owned(), values: vec![read] }),
        }
    }
    answers
}

/// Reads the text form of the photos: one URL in each line.
pub fn read_media(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_survive_their_text() {
        let answer = |code: &str, values: &[&str]| AttributeValue {
            code: code.into(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let answers = vec![
            answer("taille", &["grand = 30 cm\nou plus \\n"]),
            answer("objets", &["sofa", "", "lit\\"]),
            answer("note", &["=\\\\\n\n"]),
        ];
        let text = answers_text(&answers).unwrap();
        assert_eq!(read_answers(&text), answers, "{text}");
        assert_eq!(answers_text(&[]), None);
    }
}
