//! The audit: who changed what, and who read private data.
//!
//! A line names the fields that changed and the revisions that the change took. Values of reports
//! stand in the history of the report alone, from which they are read: what is erased there is in
//! no line of the audit.

use std::borrow::Cow;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::domain::access::Role;
use crate::domain::{JurisdictionId, ReportId};

/// The name of everybody who sends no valid key.
pub const ACTOR_PUBLIC: &str = "public";
/// The name of programs of this machine, where the service has no key.
pub const ACTOR_THIS_MACHINE: &str = "this machine";
/// The name of this program, before the command that it runs.
const PROGRAM: &str = "pointchaud";

/// Who does something, from where and by which operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Name of the key; [`ACTOR_PUBLIC`], [`ACTOR_THIS_MACHINE`], or `pointchaud COMMAND` for the
    /// command line. Names of keys have no space.
    pub name: Cow<'static, str>,
    /// The role of the key; `None` for everybody else.
    pub role: Option<Role>,
    /// The client's network address; `None` for the public, whose addresses are personal data, and
    /// for the command line.
    pub address: Option<IpAddr>,
    /// The id of the operation in the OpenAPI document, or the command.
    pub operation: &'static str,
}

impl Actor {
    /// The command line, by a command such as `key create`.
    ///
    /// ```
    /// use pointchaud::domain::Actor;
    ///
    /// let actor = Actor::command("key create");
    /// assert_eq!((&*actor.name, actor.operation), ("pointchaud key", "key create"));
    /// ```
    pub fn command(command: &'static str) -> Self {
        let program = command.split(' ').next().unwrap_or_default();
        let name = format!("{PROGRAM} {program}");
        Self {
            name: name.trim_end().to_owned().into(),
            role: None,
            address: None,
            operation: command,
        }
    }
}

impl Default for Actor {
    /// This program, where nothing more is known.
    fn default() -> Self {
        Self { name: PROGRAM.into(), role: None, address: None, operation: PROGRAM }
    }
}

crate::domain::vocabulary::vocabulary!(
    /// What a line of the audit is about.
    AuditSubject {
        /// A report, or several if it has no id.
        Report = "report",
        /// An incident, by the id of its original.
        Incident = "incident",
        /// A city: its settings, services and areas.
        City = "city",
        /// An access key, by its name.
        Key = "key",
        /// A file that is imported, by the id of its import; reports that it wrote have none.
        Import = "import",
        /// The keys by which contacts are encrypted.
        PrivateKeys = "private_keys",
        /// The audit itself.
        Audit = "audit",
    }
);

/// A field that a line of the audit names, with its values if they are known and not erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditField {
    /// The report, where the line is about several.
    pub report: Option<String>,
    /// Name of the field.
    pub field: String,
    /// Value before.
    pub before: Option<String>,
    /// Value after.
    pub after: Option<String>,
}

impl AuditField {
    /// A field without values.
    pub fn named(field: &str) -> Self {
        Self { report: None, field: field.to_owned(), before: None, after: None }
    }

    /// A field that has a value afterwards.
    pub fn set(field: &str, after: impl ToString) -> Self {
        Self { after: Some(after.to_string()), ..Self::named(field) }
    }

    /// A field with its values; `None` where they are equal.
    pub fn changed(field: &str, before: Option<String>, after: Option<String>) -> Option<Self> {
        let one = Self { report: None, field: field.to_owned(), before, after };
        (one.before != one.after).then_some(one)
    }
}

/// A line of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number: later lines have greater ones.
    pub number: u64,
    /// When it was written, to the millisecond; never before the line above it.
    pub at: Timestamp,
    /// See [`Actor::name`].
    pub actor: String,
    /// See [`Actor::role`].
    pub role: Option<Role>,
    /// See [`Actor::address`].
    pub address: Option<String>,
    /// See [`Actor::operation`].
    pub operation: String,
    /// The city, also one that was removed; `None` for what concerns the whole service.
    pub jurisdiction: Option<String>,
    /// What it is about.
    pub subject: AuditSubject,
    /// Which one.
    pub subject_id: Option<String>,
    /// First and last revision of the city that the change took; `None` for a read, and for a
    /// change that takes none.
    pub revisions: Option<(u64, u64)>,
    /// The fields that it names.
    pub fields: Vec<AuditField>,
}

/// Which lines of the audit are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Lines of this city; `None` for all.
    pub jurisdiction: Option<JurisdictionId>,
    /// With a city: also lines that concern the whole service.
    pub with_service: bool,
    /// Lines of the actor with this name.
    pub actor: Option<String>,
    /// Lines of this operation.
    pub operation: Option<String>,
    /// Lines that concern this report of the city, also as a member of an incident or of a batch.
    pub report: Option<ReportId>,
    /// Lines from this moment on.
    pub from: Option<Timestamp>,
    /// Lines before this moment.
    pub before: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key_name;

    #[test]
    fn no_key_can_have_the_name_of_another_actor() {
        let program = Actor::default().name;
        for name in [ACTOR_PUBLIC, ACTOR_THIS_MACHINE, &program, &Actor::command("erase").name] {
            assert!(key_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_field_whose_values_are_equal_did_not_change() {
        let value = || Some("a".to_owned());
        assert_eq!(AuditField::changed("name", value(), value()), None);
        let changed = AuditField::changed("name", value(), None).unwrap();
        assert_eq!((changed.before.as_deref(), changed.after), (Some("a"), None));
    }
}
