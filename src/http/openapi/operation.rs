//! What is said of an operation.

use crate::http::openapi::schema::{AnswerSchema, BodySchema};

/// An operation.
pub struct Operation {
    /// Method, in lower case.
    pub method: &'static str,
    /// Route, as the router has it.
    pub path: &'static str,
    /// Its name.
    pub id: &'static str,
    /// The chapter it is in.
    pub tag: &'static str,
    /// What it does, in French.
    pub fr: &'static str,
    /// And in English.
    pub en: &'static str,
    /// Parameters it takes; `filter:common` stands for the filter's, `nothing` for not even those
    /// that every operation takes. Those that must be given are not among them.
    pub takes: &'static [&'static str],
    /// Parameters that must be given.
    pub requires: &'static [&'static str],
    /// Examples of what is in the path.
    pub ids: &'static [(&'static str, &'static str)],
    /// What is sent.
    pub body: Option<BodySchema>,
    /// Status codes and what they say.
    pub codes: &'static [(u16, &'static str)],
    /// What is answered where all went well.
    pub answer: AnswerSchema,
    /// It is for crews.
    pub crew: bool,
}

const fn operation(
    method: &'static str,
    path: &'static str,
    id: &'static str,
    tag: &'static str,
) -> Operation {
    Operation {
        method,
        path,
        id,
        tag,
        fr: "",
        en: "",
        takes: &[],
        requires: &[],
        ids: &[],
        body: None,
        codes: &[(200, "ok"), (304, "not modified"), (400, "refused"), (404, "not found")],
        answer: AnswerSchema::Collection("Report"),
        crew: false,
    }
}

/// A question.
pub const fn get(path: &'static str, id: &'static str, tag: &'static str) -> Operation {
    operation("get", path, id, tag)
}

/// Something sent.
pub const fn post(path: &'static str, id: &'static str, tag: &'static str) -> Operation {
    operation("post", path, id, tag)
}

/// A change.
pub const fn patch(path: &'static str, id: &'static str, tag: &'static str) -> Operation {
    operation("patch", path, id, tag)
}

impl Operation {
    /// What it does, in both languages.
    pub const fn says(self, fr: &'static str, en: &'static str) -> Self {
        Self { fr, en, ..self }
    }

    /// What it may take.
    pub const fn takes(self, takes: &'static [&'static str]) -> Self {
        Self { takes, ..self }
    }

    /// What must be given.
    pub const fn requires(self, requires: &'static [&'static str]) -> Self {
        Self { requires, ..self }
    }

    /// Examples of what is in its path.
    pub const fn such_as(self, ids: &'static [(&'static str, &'static str)]) -> Self {
        Self { ids, ..self }
    }

    /// What is sent with it.
    pub const fn sent(self, body: BodySchema) -> Self {
        Self { body: Some(body), ..self }
    }

    /// What it may answer.
    pub const fn codes(self, codes: &'static [(u16, &'static str)]) -> Self {
        Self { codes, ..self }
    }

    /// The kind of its answer.
    pub const fn answers(self, answer: AnswerSchema) -> Self {
        Self { answer, ..self }
    }

    /// It is for crews.
    pub const fn for_crews(self) -> Self {
        Self { crew: true, ..self }
    }
}

/// It just answers.
pub const PLAIN: &[(u16, &str)] = &[(200, "ok")];
/// It answers unless something unknown is asked.
pub const DOCUMENT: &[(u16, &str)] = &[(200, "ok"), (304, "not modified"), (400, "refused")];
/// It answers with a tile.
pub const TILE: &[(u16, &str)] =
    &[(200, "ok"), (204, "empty"), (304, "not modified"), (400, "refused"), (404, "not found")];
/// It answers a question that may be wrong.
pub const ASKED: &[(u16, &str)] = &[(200, "ok"), (400, "refused"), (404, "not found")];
/// It changes something, for crews.
pub const CHANGED: &[(u16, &str)] = &[
    (200, "changed"),
    (400, "refused"),
    (403, "forbidden"),
    (404, "not found"),
    (409, "conflict"),
    (413, "too large"),
];
