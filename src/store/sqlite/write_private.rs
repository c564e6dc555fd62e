//! Commands about private data: contacts encrypted anew, what a city keeps, and the file
//! rewritten.

use rusqlite::{OptionalExtension, params};

use crate::domain::{AuditField, AuditSubject};
use crate::store::command::{
    EncryptContacts, EncryptedContacts, ForgetPhotos, RewriteStore, SetRetention,
};
use crate::store::private_keys::CipherRing;
use crate::store::sqlite::audit_state::NotedAction;
use crate::store::sqlite::contact;
use crate::store::sqlite::failure::{Failure, Step};
use crate::store::sqlite::rewrite::Erased;
use crate::store::sqlite::transaction::WriteTransaction;

impl WriteTransaction<'_> {
    /// The keys for a new contact.
    ///
    /// # Errors
    /// Refused where they are missing or cannot be written.
    pub fn contact_keys(&self) -> Step<std::sync::Arc<CipherRing>> {
        contact::keys_for_writing(self.db, self.keys).map_err(Failure::Refused)
    }

    pub fn encrypt_contacts(&mut self, command: &EncryptContacts) -> Step<EncryptedContacts> {
        let after = command.after.clone().unwrap_or_default();
        let done = contact::encrypt_anew(self.db, self.keys, &after, command.limit);
        let (count, next) = done.map_err(Failure::Refused)?;
        if count > 0 {
            self.erased = self.erased.max(Erased::Rows);
            let fields = vec![AuditField::set("contacts", count)];
            self.note(NotedAction::of_service(AuditSubject::PrivateKeys, "", fields));
        }
        Ok(EncryptedContacts { count, next })
    }

    pub fn rewrite_store(&mut self, _: &RewriteStore) -> Step<()> {
        self.erased = Erased::File;
        Ok(())
    }

    pub fn forget_photos(&mut self, command: &ForgetPhotos) -> Step<()> {
        let mut delete = self.db.prepare_cached("DELETE FROM erased_photo WHERE name = ?")?;
        for name in &command.names {
            delete.execute([name])?;
        }
        Ok(())
    }

    pub fn set_retention(&mut self, command: &SetRetention) -> Step<()> {
        self.city(&command.jurisdiction)?;
        let id = command.jurisdiction.as_str();
        let mut fields = Vec::new();
        for (field, period) in &command.retention {
            let before = self
                .db
                .prepare_cached(
                    "SELECT period FROM retention WHERE jurisdiction_id = ? AND field = ?",
                )?
                .query_row([id, field.as_str()], |row| row.get(0))
                .optional()?;
            let (name, after) = (format!("retention.{field}"), period.map(|one| one.to_string()));
            fields.extend(AuditField::changed(&name, before, after));
            match period {
                Some(period) => self
                    .db
                    .prepare_cached("INSERT OR REPLACE INTO retention VALUES (?, ?, ?)")?
                    .execute(params![id, field.as_str(), period.to_string()])?,
                None => self
                    .db
                    .prepare_cached(
                        "DELETE FROM retention WHERE jurisdiction_id = ? AND field = ?",
                    )?
                    .execute(params![id, field.as_str()])?,
            };
        }
        self.note(NotedAction::of_city(&command.jurisdiction, fields));
        Ok(())
    }
}
