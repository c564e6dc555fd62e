//! The tables `visibility` and `content_policy`: how the public sees the reports of a city's
//! services, their texts and their photos.

use rusqlite::{OptionalExtension, params};

use crate::domain::{
    AuditField, JurisdictionId, PhotoPolicy, TextPolicy, Visibility, VisibilityTable,
};
use crate::error::{Error, Result};
use crate::store::command::SetVisibility;
use crate::store::sqlite::audit_state::NotedAction;
use crate::store::sqlite::failure::Step;
use crate::store::sqlite::reader::Reader;
use crate::store::sqlite::transaction::WriteTransaction;

/// What a line of `content_policy` is about.
const TEXT: &str = "text";
const PHOTOS: &str = "photos";

impl Reader {
    /// The policies that a jurisdiction has set.
    ///
    /// # Errors
    /// The file cannot be read, or holds a policy that this program does not know.
    pub fn visibility(&self, jurisdiction: &JurisdictionId) -> Result<VisibilityTable> {
        self.with(|db| {
            let sql = "SELECT code, policy FROM visibility WHERE jurisdiction_id = ?";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map([jurisdiction.as_str()], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })?;
            let mut table = VisibilityTable::default();
            for row in rows {
                let (code, word) = row?;
                let policy = Visibility::parse(&word);
                let policy = policy.ok_or_else(|| Error::internal("corrupt visibility"))?;
                table.set(&code, policy);
            }
            let sql = "SELECT subject, code, policy FROM content_policy WHERE jurisdiction_id = ?";
            let mut statement = db.prepare_cached(sql)?;
            let mut rows = statement.query([jurisdiction.as_str()])?;
            while let Some(row) = rows.next()? {
                let [subject, code, word]: [String; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
                let known = match subject.as_str() {
                    TEXT => TextPolicy::parse(&word).map(|policy| table.set_texts(&code, policy)),
                    _ => PhotoPolicy::parse(&word).map(|policy| table.set_photos(&code, policy)),
                };
                known.ok_or_else(|| Error::internal("corrupt policy of texts"))?;
            }
            Ok(table)
        })
    }
}

impl WriteTransaction<'_> {
    pub fn set_visibility(&mut self, command: &SetVisibility) -> Step<()> {
        let id = command.jurisdiction.as_str();
        self.next_revision(&command.jurisdiction)?;
        let mut set = self.db.prepare_cached(
            "INSERT INTO visibility (jurisdiction_id, code, policy) VALUES (?, ?, ?)
             ON CONFLICT (jurisdiction_id, code) DO UPDATE SET policy = excluded.policy",
        )?;
        let mut known = self.db.prepare_cached(
            "SELECT policy FROM visibility WHERE jurisdiction_id = ? AND code = ?",
        )?;
        let mut fields = Vec::new();
        for (code, policy) in &command.policies {
            let before = known.query_row([id, code], |row| row.get(0)).optional()?;
            set.execute(params![id, code, policy.as_str()])?;
            let (name, after) = (format!("visibility.{code}"), Some(policy.to_string()));
            fields.extend(AuditField::changed(&name, before, after));
        }
        let mut set = self.db.prepare_cached(
            "INSERT INTO content_policy (jurisdiction_id, subject, code, policy)
             VALUES (?, ?, ?, ?)
             ON CONFLICT (jurisdiction_id, subject, code) DO UPDATE SET policy = excluded.policy",
        )?;
        let mut known = self.db.prepare_cached(
            "SELECT policy FROM content_policy
             WHERE jurisdiction_id = ? AND subject = ? AND code = ?",
        )?;
        let texts = command.texts.iter().map(|(code, one)| (TEXT, code, one.as_str()));
        let photos = command.photos.iter().map(|(code, one)| (PHOTOS, code, one.as_str()));
        for (subject, code, policy) in texts.chain(photos) {
            let before =
                known.query_row(params![id, subject, code], |row| row.get(0)).optional()?;
            set.execute(params![id, subject, code, policy])?;
            let (name, after) = (format!("{subject}.{code}"), Some(policy.to_owned()));
            fields.extend(AuditField::changed(&name, before, after));
        }
        self.note(NotedAction::of_city(&command.jurisdiction, fields));
        Ok(())
    }
}
