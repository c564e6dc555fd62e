//! The table `private_contact`: contacts of the senders of reports, encrypted field by field. Those
//! of older stores are in `report_contact`, in clear, until they have been encrypted.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::{Contact, JurisdictionId, ReportId};
use crate::error::Result;
use crate::store::private_keys::{CipherRing, PrivateKeys, ValuePlace, number_of};

/// The columns of the values, in the order of [`Contact::FIELDS`].
const COLUMNS: &str = "first_name, last_name, email, phone, account_id, device_id";

/// The encrypted values of a contact.
type SealedContact = [Option<Vec<u8>>; 6];

/// The city and the report of a contact.
pub type ContactKey = (String, String);

fn seal(ring: &CipherRing, (city, id): (&str, &str), contact: &Contact) -> Result<SealedContact> {
    let mut sealed = SealedContact::default();
    let fields = Contact::FIELDS.iter().zip(contact.fields());
    for (to, (field, value)) in sealed.iter_mut().zip(fields) {
        *to = value
            .as_deref()
            .map(|text| ring.seal(text, ValuePlace(city, id, field)))
            .transpose()?;
    }
    Ok(sealed)
}

fn open(ring: &CipherRing, (city, id): (&str, &str), sealed: &SealedContact) -> Result<Contact> {
    let mut fields: [Option<String>; 6] = Default::default();
    for ((to, field), value) in fields.iter_mut().zip(Contact::FIELDS).zip(sealed) {
        *to = value
            .as_deref()
            .map(|bytes| ring.open(bytes, ValuePlace(city, id, field)))
            .transpose()?;
    }
    Ok(Contact::of(fields).unwrap_or_default())
}

/// The six values of a row from column `first` on.
fn values<T: rusqlite::types::FromSql>(
    row: &Row<'_>,
    first: usize,
) -> rusqlite::Result<[Option<T>; 6]> {
    let get = |n: usize| row.get(first + n);
    Ok([get(0)?, get(1)?, get(2)?, get(3)?, get(4)?, get(5)?])
}

/// Writes the contact of the sender of a report, encrypted.
///
/// # Errors
/// It cannot be encrypted; the file cannot be written.
pub fn write(
    db: &Connection,
    ring: &CipherRing,
    (city, id): (&str, &str),
    contact: &Contact,
) -> Result<()> {
    let [first, last, email, phone, account, device] = seal(ring, (city, id), contact)?;
    db.prepare_cached("INSERT OR REPLACE INTO private_contact VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?
        .execute(params![city, id, first, last, email, phone, account, device])?;
    Ok(())
}

/// Reads the contact of the sender of a report; `None` if there is none.
///
/// # Errors
/// The key is missing or does not open it; the file cannot be read.
pub fn read(
    db: &Connection,
    keys: &PrivateKeys,
    jurisdiction: &JurisdictionId,
    id: &ReportId,
) -> Result<Option<Contact>> {
    let key = params![jurisdiction.as_str(), id.as_str()];
    let select = |table: &str| {
        format!(
            "SELECT {COLUMNS} FROM {table} WHERE jurisdiction_id = ? AND service_request_id = ?"
        )
    };
    let sealed: Option<SealedContact> = db
        .prepare_cached(&select("private_contact"))?
        .query_row(key, |row| values(row, 0))
        .optional()?;
    if let Some(sealed) = sealed {
        let contact = open(&*keys.ring()?, (jurisdiction.as_str(), id.as_str()), &sealed)?;
        return Ok(Some(contact));
    }
    let clear: Option<[Option<String>; 6]> = db
        .prepare_cached(&select("report_contact"))?
        .query_row(key, |row| values(row, 0))
        .optional()?;
    Ok(clear.and_then(Contact::of))
}

/// Is there an encrypted contact?
///
/// # Errors
/// The file cannot be read.
pub fn is_any(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT EXISTS (SELECT 1 FROM private_contact)", [], |row| row.get(0))
}

/// Encrypts at most `limit` contacts that are in clear. Returns how many there were.
///
/// # Errors
/// They cannot be encrypted; the file cannot be read or written.
pub fn encrypt_clear(db: &Connection, keys: &PrivateKeys, limit: usize) -> Result<usize> {
    let sql = format!(
        "SELECT jurisdiction_id, service_request_id, {COLUMNS} FROM report_contact LIMIT ?"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map([limit as i64], |row| {
        Ok(((row.get(0)?, row.get(1)?), values::<String>(row, 2)?))
    })?;
    let rows: Vec<(ContactKey, _)> = rows.collect::<rusqlite::Result<_>>()?;
    if rows.is_empty() {
        return Ok(0);
    }
    let ring = keys_for_writing(db, keys)?;
    let count = rows.len();
    for ((city, id), fields) in rows {
        if let Some(contact) = Contact::of(fields) {
            write(db, &ring, (&city, &id), &contact)?;
        }
        db.prepare_cached(
            "DELETE FROM report_contact WHERE jurisdiction_id = ? AND service_request_id = ?",
        )?
        .execute(params![city, id])?;
    }
    Ok(count)
}

/// The keys, made where there are none. While contacts are encrypted whose file of keys is missing,
/// no other file is made: that would hide that the first one is lost.
///
/// # Errors
/// The file of keys is missing or cannot be written; the store cannot be read.
pub fn keys_for_writing(db: &Connection, keys: &PrivateKeys) -> Result<std::sync::Arc<CipherRing>> {
    if !keys.path().exists() && is_any(db)? { keys.ring() } else { keys.ring_or_new() }
}

/// The first `limit` contacts after a key, in the order of their keys.
///
/// # Errors
/// The file cannot be read.
fn page(
    db: &Connection,
    after: &ContactKey,
    limit: usize,
) -> rusqlite::Result<Vec<(ContactKey, SealedContact)>> {
    let sql = format!(
        "SELECT jurisdiction_id, service_request_id, {COLUMNS} FROM private_contact
         WHERE (jurisdiction_id, service_request_id) > (?, ?)
         ORDER BY jurisdiction_id, service_request_id LIMIT ?"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(params![after.0, after.1, limit as i64], |row| {
        Ok(((row.get(0)?, row.get(1)?), values(row, 2)?))
    })?;
    rows.collect()
}

/// Encrypts anew, with the newest key, those of the first `limit` contacts after a key that another
/// key encrypts. Returns how many, and the last contact of the page; `None` after the last page.
///
/// # Errors
/// One does not decrypt; the file cannot be read or written.
pub fn encrypt_anew(
    db: &Connection,
    keys: &PrivateKeys,
    after: &ContactKey,
    limit: usize,
) -> Result<(u64, Option<ContactKey>)> {
    let rows = page(db, after, limit)?;
    let last = rows.last().map(|(key, _)| key.clone());
    let mut count = 0;
    for ((city, id), sealed) in rows {
        let ring = keys.ring()?;
        let is_old = |bytes: &Vec<u8>| number_of(bytes) != Some(ring.newest());
        if sealed.iter().flatten().any(is_old) {
            let contact = open(&ring, (&city, &id), &sealed)?;
            write(db, &ring, (&city, &id), &contact)?;
            count += 1;
        }
    }
    Ok((count, last))
}

/// How many contacts each key encrypts, by the number of the key.
///
/// # Errors
/// The file cannot be read.
pub fn counts_by_key(db: &Connection) -> Result<BTreeMap<u32, u64>> {
    let mut counts = BTreeMap::new();
    let mut statement = db.prepare_cached(
        "SELECT coalesce(first_name, last_name, email, phone, account_id, device_id)
         FROM private_contact",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let bytes: Option<Vec<u8>> = row.get(0)?;
        *counts.entry(bytes.as_deref().and_then(number_of).unwrap_or(0)).or_default() += 1;
    }
    Ok(counts)
}

/// Calls `sink` with the contacts of a city, by their reports. Reads all of them: a million takes
/// some seconds.
///
/// # Errors
/// One does not decrypt; the file cannot be read.
pub fn each(
    db: &Connection,
    keys: &PrivateKeys,
    jurisdiction: &JurisdictionId,
    sink: &mut dyn FnMut(&str, &Contact),
) -> Result<()> {
    const PAGE: usize = 1_000;
    let mut after = (jurisdiction.as_str().to_owned(), String::new());
    loop {
        let rows = page(db, &after, PAGE)?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        after = last.clone();
        for ((city, id), sealed) in &rows {
            if city != jurisdiction.as_str() {
                return Ok(());
            }
            sink(id, &open(&*keys.ring()?, (city, id), sealed)?);
        }
    }
}
