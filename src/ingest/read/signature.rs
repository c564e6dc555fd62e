//! What the first bytes of a file say about its format.

use crate::i18n::Message;
use crate::message;

/// Bytes at the start of a file that show its format.
pub const START_BYTES: usize = 4_096;

/// A format that is not read: by what it begins, and the words for it in French and English.
type ForeignFormat = (&'static [&'static [u8]], &'static str, &'static str);

/// Formats by their first bytes.
const BY_START: [ForeignFormat; 15] = [
    (
        &[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
        "est un classeur Excel de l’ancien format (.xls) : enregistrez-le en .xlsx ou en CSV",
        "is an Excel workbook of the old kind (.xls): save it as .xlsx or CSV",
    ),
    (
        &[b"%PDF"],
        "est un PDF : demandez les données en CSV ou en XLSX",
        "is a PDF: ask for the data as CSV or XLSX",
    ),
    (
        &[b"\0\0\x27\x0a"],
        "est un shapefile : exportez-le en GeoJSON ou en GeoPackage",
        "is a shapefile: export it as GeoJSON or GeoPackage",
    ),
    (
        &[b"\0\x01\0\0Standard Jet", b"\0\x01\0\0Standard ACE"],
        "est une base Access : exportez-en la table en CSV ou en XLSX",
        "is an Access database: export its table as CSV or XLSX",
    ),
    (
        &[b"{\\rtf"],
        "est un texte mis en forme (RTF) : enregistrez-le en texte brut ou en CSV",
        "is a formatted text (RTF): save it as plain text or CSV",
    ),
    (
        &[b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!"],
        "est une archive qui n’est pas lue (zstd, bzip2, xz, 7z ou RAR) : décompressez-la ou \
         utilisez gzip",
        "is an archive of a kind that is not read (zstd, bzip2, xz, 7z or RAR): unpack it or use \
         gzip",
    ),
    (&[b"PK\x05\x06"], "est une archive zip vide", "is an empty zip archive"),
    (
        &[b"PK\x07\x08"],
        "est une archive zip en plusieurs parties : recréez-la en une seule",
        "is a zip archive of several parts: make it anew as one",
    ),
    (&[b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*"], "est une image", "is an image"),
    (
        &[b"ARROW1", b"FEA1"],
        "est un fichier Arrow (Feather) : enregistrez-le en Parquet ou en CSV",
        "is an Arrow file (Feather): save it as Parquet or CSV",
    ),
    (
        &[b"Obj\x01"],
        "est un fichier Avro : enregistrez-le en Parquet ou en CSV",
        "is an Avro file: save it as Parquet or CSV",
    ),
    (
        &[b"ORC\x0a", b"ORC\x08"],
        "est un fichier ORC : enregistrez-le en Parquet ou en CSV",
        "is an ORC file: save it as Parquet or CSV",
    ),
    (
        &[b"\x89HDF", b"CDF\x01", b"CDF\x02"],
        "est un fichier HDF ou NetCDF, qui n’est pas un tableau : exportez-le en CSV",
        "is an HDF or NetCDF file, which is no table: export it as CSV",
    ),
    (
        &[b"$FL2", b"RDX2", b"RDX3", b"<stata_dta>"],
        "est un fichier de SPSS, de R ou de Stata : exportez-le en CSV",
        "is a file of SPSS, R or Stata: export it as CSV",
    ),
    (&[b"\x7fELF", b"MZ\x90"], "est un programme, pas des données", "is a program, not data"),
];

/// Formats of texts by their first bytes, in upper case.
const BY_TEXT: [ForeignFormat; 2] = [
    (
        &[b")]}'", b"FOR(;;);", b"FOR (;;);", b"WHILE(1);"],
        "est du JSON après un garde contre les scripts, comme « )]}' » : enlevez ce début",
        "is JSON after a guard against scripts, such as ')]}'': take this beginning off",
    ),
    (
        &[
            b"INSERT INTO ",
            b"CREATE TABLE ",
            b"DROP TABLE ",
            b"-- MYSQL DUMP",
            b"-- MARIADB DUMP",
            b"-- POSTGRESQL DATABASE DUMP",
            b"--\n-- POSTGRESQL DATABASE DUMP",
            b"BEGIN TRANSACTION;",
        ],
        "est du SQL : exportez la table en CSV ou en JSON",
        "is SQL: export the table as CSV or JSON",
    ),
];

/// Formats by the name of the first element of an XML text, in lower case, without its prefix.
const BY_ELEMENT: [ForeignFormat; 10] = [
    (
        &[b"service_requests", b"service_request"],
        "est la réponse XML d’Open311, qui n’est pas lue : prenez requests.json au lieu de \
         requests.xml",
        "is an Open311 answer in XML, which is not read: take requests.json instead of \
         requests.xml",
    ),
    (
        &[b"services", b"service_definition", b"discovery"],
        "est une réponse d’Open311 sans demandes : prenez requests.json",
        "is an Open311 answer without requests: take requests.json",
    ),
    (
        &[
            b"errors",
            b"error",
            b"exceptionreport",
            b"serviceexceptionreport",
            b"fault",
            b"envelope",
        ],
        "est un message d’erreur d’un serveur en XML, pas les données : vérifiez l’adresse",
        "is an error message of a server in XML, not the data: check the address",
    ),
    (&[b"kml"], "est du KML : exportez-le en GeoJSON", "is KML: export it as GeoJSON"),
    (
        &[b"featurecollection", b"gml"],
        "est du GML : exportez-le en GeoJSON (d’un service WFS : outputFormat=application/json)",
        "is GML: export it as GeoJSON (from a WFS service: outputFormat=application/json)",
    ),
    (&[b"gpx"], "est du GPX : exportez-le en GeoJSON", "is GPX: export it as GeoJSON"),
    (
        &[b"rss", b"feed", b"rdf"],
        "est un fil RSS, Atom ou RDF : demandez les données en CSV ou en JSON",
        "is a feed of RSS, Atom or RDF: ask for the data as CSV or JSON",
    ),
    (
        &[b"document", b"document-content"],
        "est un document OpenDocument : enregistrez-le en .xlsx ou en CSV",
        "is an OpenDocument file: save it as .xlsx or CSV",
    ),
    (&[b"svg"], "est une image", "is an image"),
    (
        &[b"response"],
        "est du XML de lignes : prenez le même export en CSV ou en JSON (rows.csv, rows.json)",
        "is rows in XML: take the same export as CSV or JSON (rows.csv, rows.json)",
    ),
];

/// The words for a format that is not read, with what to do about it; `None` where the start is not
/// of such a format.
pub fn foreign(start: &[u8]) -> Option<Message> {
    let known = |formats: &[ForeignFormat], test: &dyn Fn(&[u8]) -> bool| {
        let found = formats.iter().find(|(signs, ..)| signs.iter().any(|sign| test(sign)));
        found.map(|(_, fr, en)| Message { fr: (*fr).to_owned(), en: (*en).to_owned() })
    };
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let by_start = known(&BY_START, &|sign| start.starts_with(sign));
    by_start
        .or_else(|| {
            let is_tar = start.get(257..262) == Some(b"ustar");
            is_tar.then(|| {
                message!(
                    "est une archive tar, qui n’est pas lue : extrayez-en le fichier",
                    "is a tar archive, which is not read: extract the file"
                )
            })
        })
        .or_else(|| is_dbase(start).then(dbase))
        .or_else(|| {
            let upper: Vec<u8> = text.iter().take(64).map(u8::to_ascii_uppercase).collect();
            known(&BY_TEXT, &|sign| upper.starts_with(sign))
        })
        .or_else(|| is_script(text).then(script))
        .or_else(|| {
            let element = element(text)?;
            page(text, &element)
                .or_else(|| known(&BY_ELEMENT, &|sign| element == sign))
                .or_else(|| Some(xml(text, &element)))
        })
}

/// The name of the first element of a text of markup, in lower case and without its prefix; empty
/// where it is not within the start, `None` where the text is none.
fn element(text: &[u8]) -> Option<Vec<u8>> {
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        let end: &[u8] = match rest {
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'?' | b'!', ..] => b">",
            [b'<', name @ ..] if name.first().is_some_and(u8::is_ascii_alphabetic) => {
                let name = name.split(|b| b.is_ascii_whitespace() || b"/>".contains(b)).next()?;
                let name = name.rsplit(|b| *b == b':').next()?;
                return Some(name.to_ascii_lowercase());
            }
            _ => return None,
        };
        match memchr::memmem::find(rest, end) {
            Some(at) => rest = rest.get(at + end.len()..).unwrap_or_default(),
            None => return Some(Vec::new()),
        }
    }
}

/// The words for a page of HTML, which may begin without its first elements.
fn page(text: &[u8], element: &[u8]) -> Option<Message> {
    let lower: Vec<u8> = text.iter().take(512).map(u8::to_ascii_lowercase).collect();
    let elements: [&[u8]; 8] =
        [b"html", b"head", b"body", b"meta", b"table", b"script", b"style", b"div"];
    let is_declared = lower.starts_with(b"<!doctype html");
    if !is_declared && !elements.contains(&element) {
        return None;
    }
    let is_office = || memchr::memmem::find(text, b"urn:schemas-microsoft-com:office").is_some();
    if element == b"table" || is_office() {
        return Some(message!(
            "est un tableau HTML, que certains programmes enregistrent en .xls : \
             enregistrez-le en .xlsx ou en CSV",
            "is an HTML table, which some programs save as .xls: save it as .xlsx or CSV"
        ));
    }
    let title = title(text).map(|title| format!(" ('{title}')")).unwrap_or_default();
    Some(message!(
        "est une page HTML{title}, pas les données : vérifiez l’adresse du téléchargement",
        "is an HTML page{title}, not the data: check the address of the download"
    ))
}

fn xml(text: &[u8], element: &[u8]) -> Message {
    let is_office = memchr::memmem::find(text, b"urn:schemas-microsoft-com:office").is_some();
    if is_office && element == b"workbook" {
        return message!(
            "est un classeur Excel en XML de 2003 : enregistrez-le en .xlsx ou en CSV",
            "is an Excel workbook in the XML of 2003: save it as .xlsx or CSV"
        );
    }
    message!(
        "est du XML, qui n’est pas lu : exportez en CSV ou en JSON",
        "is XML, which is not read: export it as CSV or JSON"
    )
}

/// Is it a table of dBase, such as the one of a shapefile: a version, the day of its last change,
/// and a header of whole fields of 32 bytes that ends in a carriage return?
fn is_dbase(start: &[u8]) -> bool {
    let [version, _, month, day, _, _, _, _, low, high, ..] = start else { return false };
    let header = usize::from(u16::from_le_bytes([*low, *high]));
    let is_dated = (1..=12).contains(month) && (1..=31).contains(day);
    let is_version = [0x03, 0x30, 0x31, 0x83, 0x8b, 0xf5].contains(version);
    is_version && is_dated && header > 32 && start.get(header - 1).is_none_or(|end| *end == b'\r')
}

fn dbase() -> Message {
    message!(
        "est une table dBase (.dbf), partie d’un shapefile : exportez-le en GeoJSON, ou la table \
         en CSV",
        "is a dBase table (.dbf), a part of a shapefile: export it as GeoJSON, or the table as CSV"
    )
}

/// Is it JSON within a script: the argument of a call, or the value of a variable?
fn is_script(text: &[u8]) -> bool {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"_$.".contains(b);
    let skip_name = |text: &[u8]| text.iter().take_while(|b| is_name(b)).count();
    let (mut rest, mut is_variable) = (text, false);
    for word in [&b"var "[..], b"let ", b"const "] {
        if let Some(after) = text.strip_prefix(word) {
            (rest, is_variable) = (after.trim_ascii_start(), true);
        }
    }
    let name = skip_name(rest);
    let rest = rest.get(name..).unwrap_or_default().trim_ascii_start();
    let sign: &[u8] = if is_variable { b"=" } else { b"(" };
    let value = rest.strip_prefix(sign).map(<[u8]>::trim_ascii_start).unwrap_or_default();
    name > 0 && matches!(value, [b'{', b'"' | b'}' | b'\n' | b' ', ..] | [b'[', b'{' | b'[', ..])
}

fn script() -> Message {
    message!(
        "est du JSON dans un script (JSONP) : demandez du JSON, sans paramètre « callback »",
        "is JSON within a script (JSONP): ask for JSON, without a parameter 'callback'"
    )
}

/// The title of an HTML page, where its start has one.
fn title(page: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(page);
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let from = open + lower.get(open..).unwrap_or_default().find('>')? + 1;
    let end = from + lower.get(from..).unwrap_or_default().find("</title")?;
    let text = page.get(from..end)?;
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(text.chars().take(80).collect()).filter(|text: &String| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_read_is_named_for_what_it_is() {
        let dbase = [&[3, 126, 11, 5, 9, 0, 0, 0, 65, 0][..], &[0; 54], b"\r", b" rows"].concat();
        for (start, word) in [
            (&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1more"[..], ".xls"),
            (b"%PDF-1.7\n", "PDF"),
            (b"\0\0\x27\x0a\0\0", "shapefile"),
            (&dbase, "dBase"),
            (b"\0\x01\0\0Standard ACE DB\0", "Access"),
            (b"{\\rtf1\\ansi", "RTF"),
            (b"\xef\xbb\xbf\n<!DOCTYPE HTML><p>", "HTML page"),
            (b"<html><head><TITLE>\n Sign in </TITLE>", "page ('Sign in'), not"),
            (b"<!-- a comment -->\n<HTML lang='en'>", "HTML page"),
            (b"<table border=1><tr><td>id", "HTML table"),
            (b"<html xmlns:x='urn:schemas-microsoft-com:office:excel'><body><table>", "HTML table"),
            (b")]}'\n[{\"id\":1}]", "guard"),
            (b"for (;;);{\"a\":1}", "guard"),
            (b"INSERT INTO r (id) VALUES (1);", "SQL"),
            (b"-- PostgreSQL database dump\n", "SQL"),
            (b"<?xml version='1.0'?><kml xmlns='x'>", "KML"),
            (b"<?xml version='1.0'?>\n<service_requests type='array'>", "take requests.json"),
            (b"<service_requests/>", "take requests.json"),
            (b"<?xml version='1.0'?><services><service>", "without requests"),
            (b"<?xml version='1.0'?><errors><error><code>404", "error message"),
            (b"<ows:ExceptionReport version='2'>", "error message"),
            (b"<?xml version='1.0'?><!-- made by x --><wfs:FeatureCollection>", "GML"),
            (b"<rss version='2.0'>", "RSS"),
            (b"<response><row><row _id='1'>", "rows.csv"),
            (
                b"<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:x'>",
                "XML of 2003",
            ),
            (b"<?xml version='1.0'?><incidents/>", "is XML"),
            (b"callback({\"a\":1})", "JSONP"),
            (b"var data = [{\"a\":1}];", "JSONP"),
            (b"BZh91AY", "archive"),
            (b"\x89PNG\r\n", "image"),
            (b"FEA1\0", "Arrow"),
        ] {
            let found = foreign(start).map(|message| message.en).unwrap_or_default();
            assert!(found.contains(word), "{word}: {found} {start:?}");
        }
        for start in [
            &b"id,name\n1,<html>\n"[..],
            b"{\"a\":1}",
            b"\x1f\x8b\x08",
            b"PK\x03\x04",
            b"name (first),age\n",
            b"ORDER,b\n",
            b"f(x),y\n",
            b"var,value\n",
            b"< 5,6\n",
            b"",
        ] {
            assert!(foreign(start).is_none(), "{start:?}");
        }
    }
}
