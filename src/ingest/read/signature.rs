//! What the first bytes of a file say about its format.

use crate::i18n::Message;
use crate::message;

/// Bytes at the start of a file that show its format.
pub const START_BYTES: usize = 4_096;

/// The words for a format that is not read, with what to do about it; `None` where the start is not
/// of such a format.
pub fn foreign(start: &[u8]) -> Option<Message> {
    let begins = |signs: &[&[u8]]| signs.iter().any(|sign| start.starts_with(sign));
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let lower: Vec<u8> = text.iter().take(512).map(u8::to_ascii_lowercase).collect();
    let markup = |signs: &[&[u8]]| signs.iter().any(|sign| lower.starts_with(sign));
    let found = |sign: &[u8]| memchr::memmem::find(&lower, sign).is_some();
    Some(if begins(&[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]) {
        message!(
            "est un classeur Excel de l’ancien format (.xls) : enregistrez-le en .xlsx ou en CSV",
            "is an Excel workbook of the old kind (.xls): save it as .xlsx or CSV"
        )
    } else if begins(&[b"%PDF"]) {
        message!(
            "est un PDF : demandez les données en CSV ou en XLSX",
            "is a PDF: ask for the data as CSV or XLSX"
        )
    } else if begins(&[b"\0\0\x27\x0a"]) {
        message!(
            "est un shapefile : exportez-le en GeoJSON ou en GeoPackage",
            "is a shapefile: export it as GeoJSON or GeoPackage"
        )
    } else if markup(&[b"<!doctype html", b"<html", b"<head", b"<body"])
        || (lower.starts_with(b"<") && found(b"<html"))
    {
        let title = title(text).map(|title| format!(" ('{title}')")).unwrap_or_default();
        message!(
            "est une page HTML{title}, pas les données : vérifiez l’adresse du téléchargement",
            "is an HTML page{title}, not the data: check the address of the download"
        )
    } else if lower.starts_with(b"<") && found(b"<kml") {
        message!("est du KML : exportez-le en GeoJSON", "is KML: export it as GeoJSON")
    } else if found(b"<workbook") && found(b"urn:schemas-microsoft-com:office") {
        message!(
            "est un classeur Excel en XML de 2003 : enregistrez-le en .xlsx ou en CSV",
            "is an Excel workbook in the XML of 2003: save it as .xlsx or CSV"
        )
    } else if markup(&[b"<?xml", b"<"]) {
        message!(
            "est du XML, qui n’est pas lu : exportez en CSV ou en JSON",
            "is XML, which is not read: export it as CSV or JSON"
        )
    } else if begins(&[b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!"])
    {
        message!(
            "est une archive qui n’est pas lue (zstd, bzip2, xz, 7z ou RAR) : décompressez-la ou \
             utilisez gzip",
            "is an archive of a kind that is not read (zstd, bzip2, xz, 7z or RAR): unpack it or \
             use gzip"
        )
    } else if start.get(257..262) == Some(b"ustar") {
        message!(
            "est une archive tar, qui n’est pas lue : extrayez-en le fichier",
            "is a tar archive, which is not read: extract the file"
        )
    } else if begins(&[b"PK\x05\x06"]) {
        message!("est une archive zip vide", "is an empty zip archive")
    } else if begins(&[b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*"]) {
        message!("est une image", "is an image")
    } else if begins(&[b"fgb\x03"]) {
        message!(
            "est du FlatGeobuf : exportez-le en GeoJSON ou en GeoPackage",
            "is FlatGeobuf: export it as GeoJSON or GeoPackage"
        )
    } else if begins(&[b"ARROW1", b"\x7fELF", b"MZ\x90", b"Obj\x01", b"\x89HDF"]) {
        message!("n’est pas un texte", "is not a text")
    } else {
        return None;
    })
}

/// The title of an HTML page, where its start has one.
fn title(page: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(page);
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let from = open + lower[open..].find('>')? + 1;
    let text = &page[from..from + lower[from..].find("</title")?];
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(text.chars().take(80).collect()).filter(|text: &String| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_read_is_named_for_what_it_is() {
        for (start, word) in [
            (&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1more"[..], ".xls"),
            (b"%PDF-1.7\n", "PDF"),
            (b"\0\0\x27\x0a\0\0", "shapefile"),
            (b"\xef\xbb\xbf\n<!DOCTYPE HTML><p>", "HTML"),
            (b"<html><head><TITLE>\n Sign in </TITLE>", "page ('Sign in'), not"),
            (b"<!-- a comment -->\n<HTML lang='en'>", "HTML"),
            (b"<?xml version='1.0'?><kml xmlns='x'>", "KML"),
            (b"<?xml version='1.0'?><service_requests/>", "XML"),
            (b"BZh91AY", "archive"),
            (b"\x89PNG\r\n", "image"),
        ] {
            assert!(foreign(start).unwrap().en.contains(word), "{word}");
        }
        for start in [&b"id,name\n1,<html>\n"[..], b"{\"a\":1}", b"\x1f\x8b\x08", b"PK\x03\x04"] {
            assert!(foreign(start).is_none(), "{start:?}");
        }
    }
}
