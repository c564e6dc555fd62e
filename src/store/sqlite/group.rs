//! Executes the commands of one commit.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;

use crate::domain::{Change, JurisdictionId};
use crate::error::{Error, Result};
use crate::store::command::{CreateReport, QueuedCommand, QueuedWrite};
use crate::store::reply::{Acknowledgement, hold, unknown_outcome};
use crate::store::sqlite::id_bytes::IdBytes;
use crate::store::sqlite::rewrite::Erased;
use crate::store::sqlite::transaction::{TransactionSettings, WriteTransaction};

/// What the commands of a commit changed in each jurisdiction.
pub type CommitChanges = BTreeMap<JurisdictionId, Vec<Change>>;

/// Executes commands one after the other in the transaction that `db` is in. Each command that did
/// anything adds its line to the audit, and each its answer to `answers`, also where this fails.
/// `id_bytes` is kept from commit to commit. Returns the changes, and whether bytes of what was
/// erased are still to be overwritten.
///
/// # Errors
/// The file cannot be read or written: the transaction must be given up.
pub fn execute(
    db: &Connection,
    commands: Vec<QueuedWrite>,
    settings: &TransactionSettings<'_>,
    id_bytes: &mut IdBytes,
    answers: &mut Vec<Acknowledgement>,
) -> Result<(CommitChanges, Erased)> {
    let keeps_created = commands.iter().any(|one| asks_for_created(&one.command));
    let mut transaction = WriteTransaction::new(db, settings, keeps_created, id_bytes);
    let mut commands = commands.into_iter();
    for command in commands.by_ref() {
        // A fault of ours in one command must not end the writing of all: it gives up the
        // transaction, and the thread goes on.
        let QueuedWrite { command, actor } = command;
        let executed = catch_unwind(AssertUnwindSafe(|| {
            transaction.execute(command, answers)?;
            Ok(transaction.write_audit(&actor)?)
        }));
        if let Err(error) = executed.unwrap_or_else(|_| Err(Error::internal("a command panicked")))
        {
            commands.for_each(|one| one.command.fail(unknown_outcome()));
            return Err(error);
        }
    }
    let erased = transaction.erased;
    Ok((transaction.finish()?, erased))
}

/// Whether this command needs the reports created before it in the same commit.
fn asks_for_created(command: &QueuedCommand) -> bool {
    matches!(command, QueuedCommand::CreateReport(CreateReport { judge: Some(_), .. }, _))
}

impl WriteTransaction<'_> {
    fn execute(
        &mut self,
        command: QueuedCommand,
        answers: &mut Vec<Acknowledgement>,
    ) -> Result<()> {
        use QueuedCommand as Do;
        let (answer, failed) = match command {
            Do::AddJurisdiction(command, reply) => hold(reply, self.add_jurisdiction(&command)),
            Do::SetJurisdiction(command, reply) => hold(reply, self.set_jurisdiction(&command)),
            Do::SaveLearnedExtent(command, reply) => {
                hold(reply, self.save_learned_extent(&command))
            }
            Do::RemoveJurisdiction(command, reply) => {
                hold(reply, self.remove_jurisdiction(&command))
            }
            Do::CreateReport(command, reply) => hold(reply, self.create_report(command)),
            Do::CreateReports(command, reply) => hold(reply, self.create_reports(command)),
            Do::UpdateReport(command, reply) => hold(reply, self.update_report(command)),
            Do::AddUpdate(command, reply) => hold(reply, self.add_update(command)),
            Do::RemoveReport(command, reply) => hold(reply, self.remove_report(&command)),
            Do::ChangeIncident(command, reply) => hold(reply, self.change_incident(command)),
            Do::ImportReports(command, reply) => hold(reply, self.import_reports(command)),
            Do::SaveCheckpoint(command, reply) => hold(reply, self.save_checkpoint(&command)),
            Do::ReplaceBoundaries(command, reply) => hold(reply, self.replace_boundaries(&command)),
            Do::CreateKey(command, reply) => hold(reply, self.create_key(&command)),
            Do::RevokeKey(command, reply) => hold(reply, self.revoke_key(&command)),
            Do::RotateKey(command, reply) => hold(reply, self.rotate_key(&command)),
            Do::NoteKeyUse(command, reply) => hold(reply, self.note_key_use(&command)),
            Do::CreateSession(command, reply) => hold(reply, self.create_session(&command)),
            Do::NoteSessionUse(command, reply) => hold(reply, self.note_session_use(&command)),
            Do::EndSessions(command, reply) => hold(reply, self.end_sessions(&command)),
            Do::NoteAction(command, reply) => hold(reply, self.note_action(command)),
            Do::EraseAudit(command, reply) => hold(reply, self.erase_audit(&command)),
            Do::SaveHotspotTracks(command, reply) => {
                hold(reply, self.save_hotspot_tracks(&command))
            }
            Do::EncryptContacts(command, reply) => hold(reply, self.encrypt_contacts(&command)),
            Do::EraseReports(command, reply) => hold(reply, self.erase_reports(command)),
            Do::RememberErasure(command, reply) => hold(reply, self.remember_erasure(&command)),
            Do::ForgetPhotos(command, reply) => hold(reply, self.forget_photos(&command)),
            Do::RewriteStore(command, reply) => hold(reply, self.rewrite_store(&command)),
            Do::SetRetention(command, reply) => hold(reply, self.set_retention(&command)),
            Do::ReviewTexts(command, reply) => hold(reply, self.review_texts(command)),
            Do::SetVisibility(command, reply) => hold(reply, self.set_visibility(&command)),
        };
        answers.push(answer);
        failed.map_or(Ok(()), Err)
    }
}
