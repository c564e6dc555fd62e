//! Questions that a service asks the sender of a report, and the checks of the answers (the service
//! definition of Open311 GeoReport v2).

use crate::domain::AttributeValue;
use crate::error::Refusal;
use crate::i18n::Message;
use crate::message;

/// Longest answer of type [`Datatype::String`], in characters.
const STRING_CHARS_MAX: usize = 400;
/// Longest answer of type [`Datatype::Text`], in characters.
const TEXT_CHARS_MAX: usize = 4_000;
/// Most answers of a report whose service has no definition.
const ANSWERS_MAX: usize = 100;

/// The type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datatype {
    /// A text in one line.
    String,
    /// A decimal number.
    Number,
    /// An instant, RFC 3339.
    Datetime,
    /// A text of several lines.
    Text,
    /// One of the listed values.
    SingleValueList,
    /// Any number of the listed values.
    MultiValueList,
}

impl Datatype {
    const WORDS: [(Self, &str); 6] = [
        (Self::String, "string"),
        (Self::Number, "number"),
        (Self::Datetime, "datetime"),
        (Self::Text, "text"),
        (Self::SingleValueList, "singlevaluelist"),
        (Self::MultiValueList, "multivaluelist"),
    ];

    /// Its name in Open311.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(kind, _)| *kind == self).map_or("string", |(_, word)| word)
    }

    /// The datatype with this name in Open311.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}

/// One question. If `variable` is false it is only information, without an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Stable code.
    pub code: String,
    /// Whether it can be answered.
    pub variable: bool,
    /// The type of the answer.
    pub datatype: Datatype,
    /// Whether it must be answered.
    pub required: bool,
    /// The text of the question.
    pub descriptions: Message,
    /// Help with the answer.
    pub hints: Message,
    /// Values to choose from: key and name.
    pub values: Vec<(String, Message)>,
}

impl Attribute {
    /// Why `value` is not a valid answer; `None` if it is one.
    fn refusal(&self, value: &str) -> Option<Message> {
        let chars = value.chars().count();
        let too_long = |max: usize| {
            (chars > max).then(|| {
                message!(
                    "a {chars} caractères ; {max} au plus",
                    "has {chars} characters; {max} at most"
                )
            })
        };
        match self.datatype {
            Datatype::String if value.contains(['\n', '\r']) => {
                Some(message!("a plusieurs lignes", "has several lines"))
            }
            Datatype::String => too_long(STRING_CHARS_MAX),
            Datatype::Text => too_long(TEXT_CHARS_MAX),
            Datatype::Number => {
                let finite = value.trim().parse::<f64>().is_ok_and(f64::is_finite);
                (!finite).then(|| message!("n’est pas un nombre", "is not a number"))
            }
            Datatype::Datetime => value.trim().parse::<jiff::Timestamp>().is_err().then(|| {
                message!(
                    "doit être un instant comme 2026-03-01T08:30:00-05:00",
                    "must be an instant such as 2026-03-01T08:30:00-05:00"
                )
            }),
            Datatype::SingleValueList | Datatype::MultiValueList => {
                let known = self.values.iter().any(|(key, _)| key == value);
                (!known).then(|| {
                    let keys: Vec<&str> = self.values.iter().map(|(key, _)| key.as_str()).collect();
                    let keys = keys.join(", ");
                    message!(
                        "n’est pas parmi les valeurs possibles : {keys}",
                        "is not one of {keys}"
                    )
                })
            }
        }
    }
}

/// Checks answers against the questions of a service. Adds a refusal for each invalid answer and
/// for each required question without an answer.
pub fn judge(questions: &[Attribute], answers: &[AttributeValue], refused: &mut Vec<Refusal>) {
    let field = |code: &str| format!("attribute[{code}]");
    for answer in answers {
        let Some(question) = questions.iter().find(|known| known.code == answer.code) else {
            let message = message!(
                "n’est pas une question de ce service",
                "is not a question of this service"
            );
            refused.push(Refusal::new(field(&answer.code), answer.values.join(", "), message));
            continue;
        };
        let several = answer.values.len() > 1 && question.datatype != Datatype::MultiValueList;
        if several {
            let message = message!("n’accepte qu’une réponse", "takes one answer only");
            refused.push(Refusal::new(field(&answer.code), answer.values.join(", "), message));
        }
        for (at, value) in answer.values.iter().enumerate() {
            if let Some(message) = question.refusal(value) {
                refused.push(Refusal::new(field(&answer.code), value, message));
            } else if answer.values[..at].contains(value) {
                let message = message!("est donné deux fois", "is given twice");
                refused.push(Refusal::new(field(&answer.code), value, message));
            }
        }
    }
    for question in questions.iter().filter(|question| question.required && question.variable) {
        if !answers.iter().any(|answer| answer.code == question.code) {
            refused.push(Refusal::new(field(&question.code), "", message!("manque", "is missing")));
        }
    }
}

/// Checks only the number and length of answers, for a service of another city whose definition is
/// not known.
pub fn bound(answers: &[AttributeValue], refused: &mut Vec<Refusal>) {
    let long = |answer: &&AttributeValue| {
        let chars = |text: &String| text.chars().count();
        chars(&answer.code) > STRING_CHARS_MAX
            || answer.code.contains(['=', '\n'])
            || answer.values.iter().any(|value| chars(value) > TEXT_CHARS_MAX)
    };
    if let Some(answer) = answers.iter().find(long) {
        let message = message!("est trop long ou mal formé", "is too long or malformed");
        refused.push(Refusal::new("attributes", &answer.code, message));
    } else if answers.iter().map(|answer| answer.values.len()).sum::<usize>() > ANSWERS_MAX {
        let message = message!("{ANSWERS_MAX} réponses au plus", "{ANSWERS_MAX} answers at most");
        refused.push(Refusal::new("attributes", "", message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(code: &str, datatype: Datatype, required: bool) -> Attribute {
        let key = |key: &str| (key.to_owned(), Message::default());
        Attribute {
            code: code.into(),
            variable: true,
            datatype,
            required,
            descriptions: Message::default(),
            hints: Message::default(),
            values: vec![key("a"), key("b")],
        }
    }

    #[test]
    fn answers_are_held_against_their_questions() {
        let questions = [
            question("s", Datatype::String, false),
            question("n", Datatype::Number, false),
            question("d", Datatype::Datetime, false),
            question("t", Datatype::Text, false),
            question("one", Datatype::SingleValueList, true),
            question("many", Datatype::MultiValueList, false),
        ];
        let refused = |given: &[(&str, &[&str])]| {
            let mut answers = vec![];
            for (code, values) in given {
                let values = values.iter().map(|value| (*value).to_owned()).collect();
                answers.push(AttributeValue { code: (*code).into(), values });
            }
            let mut refused = Vec::new();
            judge(&questions, &answers, &mut refused);
            refused.into_iter().map(|refusal| refusal.field).collect::<Vec<_>>()
        };
        let one: (&str, &[&str]) = ("one", &["a"]);
        assert_eq!(refused(&[one]), [""; 0]);
        let right = [one, ("s", &["x"]), ("n", &["-1.5"]), ("t", &["a\nb"]), ("many", &["b", "a"])];
        assert_eq!(refused(&right), [""; 0]);
        assert_eq!(refused(&[one, ("d", &["2026-03-01T08:30:00Z"])]), [""; 0]);
        assert_eq!(refused(&[]), ["attribute[one]"]);
        let wrong: [(&str, &[&str]); 8] = [
            ("s", &["a\nb"]),
            ("n", &["NaN"]),
            ("d", &["yesterday"]),
            ("t", &[&"x".repeat(4001)]),
            ("many", &["a", "c"]),
            ("many", &["a", "a"]),
            ("s", &["a", "b"]),
            ("x", &["a"]),
        ];
        for given in wrong {
            assert_eq!(refused(&[one, given]), [format!("attribute[{}]", given.0)], "{given:?}");
        }
        assert_eq!(refused(&[("one", &["z"])]), ["attribute[one]"]);
    }
}
