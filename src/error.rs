//! The crate's error type: a message for the caller in both languages, and a cause for the log,
//! which the caller never sees.

use std::fmt;

use crate::i18n::Message;
use crate::message;

/// One value that was refused: which field, what it held, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Name of the field as its sender wrote it.
    pub field: String,
    /// The refused value, cut to [`Refusal::VALUE_CHARS_MAX`] characters.
    pub value: String,
    /// The reason.
    pub message: Message,
}

impl Refusal {
    /// Longest name or value repeated in an answer, in characters.
    pub const VALUE_CHARS_MAX: usize = 120;

    /// A refusal of `value` in `field`. Where one of them is long, it is cut and marked with an
    /// ellipsis.
    pub fn new(field: impl Into<String>, value: impl fmt::Display, message: Message) -> Self {
        Self { field: shortened(field.into()), value: shortened(value.to_string()), message }
    }
}

fn shortened(mut text: String) -> String {
    if let Some((cut, _)) = text.char_indices().nth(Refusal::VALUE_CHARS_MAX) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, value, message } = self;
        match value.is_empty() {
            true => write!(f, "'{field}' {}", message.en),
            false => write!(f, "{field} '{value}': {}", message.en),
        }
    }
}

/// The kind of an error: `http` maps it to a status code, `cli` to an exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is malformed or a value is out of range.
    Invalid,
    /// The thing asked for does not exist.
    NotFound,
    /// The change contradicts the present state.
    Conflict,
    /// The caller's `If-Match` is not the present revision.
    Stale,
    /// A key is needed, and none that is valid was shown.
    Unauthorized,
    /// Who asks may not do this.
    Forbidden,
    /// More than the service accepts in one go.
    TooLarge,
    /// The body is of a media type that the operation does not read.
    MediaType,
    /// The caller accepts none of the media types that there are.
    NotAcceptable,
    /// The caller took too long to send its request.
    TooSlow,
    /// Not now: starting, overloaded, or the outcome of a commit is unknown.
    Unavailable,
    /// More in a short time than one client may send: it may send again after so many seconds.
    TooMany(u64),
    /// A fault of ours or of the machine; the cause is for the log only.
    Internal,
}

/// An error with its kind, its words for people, and its cause for operators.
#[derive(Debug)]
pub struct Error {
    /// The kind.
    pub kind: ErrorKind,
    /// The message for people.
    pub message: Message,
    /// The values that were refused, where the kind is [`ErrorKind::Invalid`] or
    /// [`ErrorKind::NotAcceptable`].
    pub refusals: Vec<Refusal>,
    /// What went wrong underneath. Logged, never shown.
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// A result with the crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` with this message.
    pub fn new(kind: ErrorKind, message: Message) -> Self {
        Self { kind, message, refusals: Vec::new(), cause: None }
    }

    /// Values refused by the gate or by a parameter's range.
    pub fn refused(refusals: Vec<Refusal>) -> Self {
        let message = match refusals.as_slice() {
            [Refusal { field, value, message: Message { fr, en } }] if value.is_empty() => {
                message!("« {field} » {fr}", "'{field}' {en}")
            }
            [Refusal { field, value, message: Message { fr, en } }] => {
                message!("« {field} » : « {value} » {fr}", "'{field}': '{value}' {en}")
            }
            many if many.iter().all(|refusal| refusal.value.is_empty()) => {
                let n = many.len();
                message!("il manque {n} valeurs", "{n} values are missing")
            }
            many => {
                let n = many.len();
                message!("{n} valeurs refusées", "{n} values refused")
            }
        };
        Self { kind: ErrorKind::Invalid, message, refusals, cause: None }
    }

    /// A fault with its cause kept for the log.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(ErrorKind::Internal, message!("Erreur interne.", "Internal error."))
        }
    }

    /// The error with the names that values have in the API (`time_zone`) in place of those of the
    /// options of commands (`--time-zone`).
    pub fn with_field_names(mut self) -> Self {
        for refusal in &mut self.refusals {
            if let Some(name) = refusal.field.strip_prefix("--") {
                refusal.field = name.replace('-', "_");
            }
            refusal.message = refusal.message.with_member_names();
        }
        match self.refusals.is_empty() {
            true => Self { message: self.message.with_member_names(), ..self },
            false => Self { cause: self.cause, ..Self::refused(self.refusals) },
        }
    }

    /// Nothing called `what` exists.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            ErrorKind::NotFound,
            message!("« {what} » n’existe pas.", "'{what}' does not exist."),
        )
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::refused(vec![refusal])
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message.en)?;
        if self.refusals.len() > 1 {
            for refusal in &self.refusals {
                write!(f, "; {refusal}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
