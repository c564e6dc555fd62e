//! Commands about private data: contacts encrypted anew, what a city keeps and shows, decisions
//! about texts, and the file rewritten.

use rusqlite::params;

use crate::domain::StoredReport;
use crate::store::command::{
    DecideText, EncryptContacts, EncryptedContacts, ForgetPhotos, RewriteStore, SetPrivacy,
};
use crate::store::sqlite::contact;
use crate::store::sqlite::failure::{Failure, Step};
use crate::store::sqlite::private_keys::KeyRing;
use crate::store::sqlite::rewrite::Erased;
use crate::store::sqlite::transaction::WriteTransaction;

impl WriteTransaction<'_> {
    /// The keys for a new contact.
    ///
    /// # Errors
    /// Refused where they are missing or cannot be written.
    pub fn contact_keys(&self) -> Step<std::sync::Arc<KeyRing>> {
        contact::keys_for_writing(self.db, self.keys).map_err(Failure::Refused)
    }

    pub fn encrypt_contacts(&mut self, command: &EncryptContacts) -> Step<EncryptedContacts> {
        let after = command.after.clone().unwrap_or_default();
        let done = contact::encrypt_anew(self.db, self.keys, &after, command.limit);
        let (count, next) = done.map_err(Failure::Refused)?;
        if count > 0 {
            self.erased = self.erased.max(Erased::Rows);
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

    pub fn set_privacy(&mut self, command: &SetPrivacy) -> Step<()> {
        let SetPrivacy { jurisdiction, texts, retention } = command;
        // Answers change with the policy.
        self.next_revision(jurisdiction)?;
        let id = jurisdiction.as_str();
        for (service, policy) in texts {
            self.db
                .prepare_cached("INSERT OR REPLACE INTO text_policy VALUES (?, ?, ?)")?
                .execute(params![id, service.as_str(), policy.as_str()])?;
        }
        for (field, period) in retention {
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
        Ok(())
    }

    pub fn decide_text(&mut self, command: DecideText) -> Step<StoredReport> {
        let DecideText { jurisdiction, id, expected, author, decision, amend } = command;
        let found = self.expect(&jurisdiction, &id, expected)?;
        let next = amend.map(|amend| amend(&found.report)).transpose().map_err(Failure::Refused)?;
        let is_amended = next.is_some();
        let before = found.text_shown;
        let mut stored = match next {
            Some(next) => self.replace(&jurisdiction, found, next, &author, None)?,
            None => found,
        };
        let revision = self.touch(&jurisdiction, &stored.report)?;
        let word = decision.as_str();
        let number = self.city(&jurisdiction)?.key.number;
        self.db
            .prepare_cached(
                "UPDATE report SET text_shown = ?
                 WHERE jurisdiction = ? AND service_request_id = ?",
            )?
            .execute(params![word, number, id.as_str()])?;
        let was = before.map(|decision| decision.as_str());
        let change = ("text_shown", was.filter(|_| !is_amended), Some(word));
        self.add_history(&jurisdiction, &id, revision, change, &author)?;
        stored.revision = revision;
        stored.changed = Some(self.now.clone());
        stored.text_shown = Some(decision);
        Ok(stored)
    }
}
