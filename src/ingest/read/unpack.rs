//! Packed files: gzip, and zip archives of one file, unpacked as they are read.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use zip::{CompressionMethod, ZipArchive};

use crate::i18n::Message;
use crate::message;

/// A file that unpacks to more than this many times its size is a bomb, not data: text packs to a
/// tenth, repeated text to a hundredth.
const RATIO_MAX: u64 = 250;
/// The ratio is not looked at before this many bytes.
const RATIO_FROM: u64 = 64 << 20;

/// Bytes of a workbook beside its sheets, unpacked, at most.
const HELD_MAX: u64 = 96 << 20;

/// How a file is packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    None,
    /// By gzip, in one or several members.
    Gzip,
    /// In a zip archive, from this byte and of this length; deflated or as it is. The checksum is
    /// that of the unpacked bytes.
    Zip {
        from: u64,
        length: u64,
        is_deflated: bool,
        checksum: u32,
        /// Files beside it that are no data, such as a licence.
        passed_over: Vec<String>,
    },
    /// It is an Excel workbook, which is a zip archive.
    Workbook,
}

impl Packing {
    /// Detects how a file is packed.
    ///
    /// # Errors
    /// An archive that is damaged, encrypted, or of no file or several.
    pub fn of(path: &Path, start: &[u8]) -> Result<Self, Message> {
        if start.starts_with(b"\x1f\x8b") {
            return Ok(Self::Gzip);
        }
        if !start.starts_with(b"PK\x03\x04") {
            return Ok(Self::None);
        }
        let damaged = |error: &dyn fmt::Display| {
            message!(
                "est une archive zip endommagée : {error}",
                "is a damaged zip archive: {error}"
            )
        };
        let file = File::open(path).map_err(unreadable)?;
        let mut archive = ZipArchive::new(file).map_err(|error| damaged(&error))?;
        let names: Vec<String> = archive
            .file_names()
            .map(|name| name.map(|name| name.into_owned()))
            .collect::<Result<_, _>>()
            .map_err(|error| damaged(&error))?;
        if let Some(kind) = document(&names) {
            if kind == Ok(Self::Workbook) {
                check_workbook(&mut archive)?;
            }
            return kind;
        }
        let is_data = |name: &&String| {
            let last = name.rsplit('/').next().unwrap_or_default();
            !last.is_empty() && !last.starts_with('.') && !name.starts_with("__MACOSX/")
        };
        let all: Vec<&String> = names.iter().filter(is_data).collect();
        let (data, passed_over) = without_papers(all);
        let [name] = data.as_slice() else {
            let (count, list) = (data.len(), shown(&data));
            return Err(message!(
                "est une archive zip de {count} fichiers ({list}) ; il en faut un seul",
                "is a zip archive of {count} files ({list}); one is wanted"
            ));
        };
        let at = archive.index_for_name(name).unwrap_or_default();
        if archive.by_index_raw(at).map_err(|error| damaged(&error))?.encrypted() {
            return Err(message!(
                "est une archive zip protégée par un mot de passe : décompressez-la avec lui",
                "is a zip archive protected by a password: unpack it with the password"
            ));
        }
        let member = archive.by_name(name).map_err(|error| damaged(&error))?;
        if member.enclosed_name().is_none() {
            return Err(message!(
                "est une archive zip dont un chemin sort du dossier : {name}",
                "is a zip archive with a path that leads out of its folder: {name}"
            ));
        }
        let is_deflated = match member.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => {
                return Err(message!(
                    "est une archive zip d’une méthode qui n’est pas lue : {other}",
                    "is a zip archive of a method that is not read: {other}"
                ));
            }
        };
        let from = member.data_start().ok_or_else(|| damaged(name))?;
        let (length, checksum) = (member.compressed_size(), member.crc32());
        Ok(Self::Zip { from, length, is_deflated, checksum, passed_over })
    }

    /// Are the bytes of the file packed?
    pub fn is_packed(&self) -> bool {
        matches!(self, Self::Gzip | Self::Zip { .. })
    }

    /// The file's unpacked bytes. `bytes` counts what was read of the file itself.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(&self, path: &Path, bytes: Rc<Cell<u64>>) -> io::Result<Box<dyn Read>> {
        let mut file = File::open(path)?;
        if let Self::Zip { from, .. } = self {
            file.seek(SeekFrom::Start(*from))?;
        }
        bytes.set(0);
        let packed = CountingReader { file, bytes: bytes.clone() };
        let unpacked: Box<dyn Read> = match self {
            Self::None | Self::Workbook => return Ok(Box::new(packed)),
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Zip { length, is_deflated, checksum, .. } => {
                let packed = packed.take(*length);
                let unpacked: Box<dyn Read> = match is_deflated {
                    true => Box::new(DeflateDecoder::new(packed)),
                    false => Box::new(packed),
                };
                Box::new(CheckedReader { unpacked, sum: Crc::new(), wanted: *checksum })
            }
        };
        let what = if *self == Self::Gzip { "gzip file" } else { "zip archive" };
        Ok(Box::new(BoundedReader { what, unpacked, packed_bytes: bytes, bytes: 0 }))
    }
}

/// Endings of names of files that are data, and of texts about them, in lower case.
const DATA: [&str; 14] = [
    "csv", "tsv", "tab", "psv", "dat", "json", "geojson", "ndjson", "jsonl", "xlsx", "xls", "gpkg",
    "parquet", "gz",
];
const TEXTS: [&str; 12] =
    ["txt", "md", "rst", "pdf", "html", "htm", "rtf", "doc", "docx", "odt", "url", "png"];

/// Beginnings of names of files about the data, whatever their endings.
const PAPERS: [&str; 12] = [
    "readme", "lisez", "liesmich", "leeme", "leggimi", "leiame", "leesmij", "licen", "lizenz",
    "metadata", "copying", "notice",
];

/// The files of an archive that are data, where one is and the others are texts about it, with the
/// names of the latter; else all files.
fn without_papers(all: Vec<&String>) -> (Vec<&String>, Vec<String>) {
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_lowercase();
    let ending = |name: &str| name.rsplit_once('.').map_or(String::new(), |(_, end)| end.into());
    let is_paper = |name: &&String| {
        let name = last(name);
        PAPERS.iter().any(|start| name.starts_with(start))
            || TEXTS.contains(&ending(&name).as_str())
    };
    let (papers, data): (Vec<&String>, Vec<&String>) =
        all.iter().copied().partition(|name| is_paper(name));
    let is_data = |name: &String| DATA.contains(&ending(&last(name)).as_str());
    match data.as_slice() {
        [only] if !papers.is_empty() && is_data(only) => {
            let papers = papers.into_iter().cloned().collect();
            (data, papers)
        }
        _ => (all, Vec::new()),
    }
}

/// Refuses a workbook that would not fit in memory. Its sheets are read row by row; everything
/// else, above all the table of texts, is held: its declared size is limited, and it is unpacked
/// once to see that it is no longer than declared.
fn check_workbook(archive: &mut ZipArchive<File>) -> Result<(), Message> {
    let damaged = |error: &dyn fmt::Display| {
        message!("est un classeur endommagé : {error}", "is a damaged workbook: {error}")
    };
    let (mut packed, mut unpacked, mut held) = (0_u64, 0_u64, 0_u64);
    for at in 0..archive.len() {
        let part = archive.by_index_raw(at).map_err(|error| damaged(&error))?;
        packed += part.compressed_size();
        unpacked = unpacked.saturating_add(part.size());
        let (size, name) = (part.size(), part.name().map_err(|error| damaged(&error))?);
        if name.starts_with("xl/worksheets/") {
            continue;
        }
        held = held.saturating_add(size);
        if held > HELD_MAX {
            let most = HELD_MAX >> 20;
            return Err(message!(
                "est un classeur de plus de {most} Mio de textes : enregistrez-le en CSV",
                "is a workbook of more than {most} MiB of texts: save it as CSV"
            ));
        }
        drop(part);
        let part = archive.by_index(at).map_err(|error| damaged(&error))?;
        let read = io::copy(&mut part.take(size + 1), &mut io::sink());
        if read.map_err(|error| damaged(&error))? > size {
            return Err(damaged(&"a part is longer than it says"));
        }
    }
    if unpacked > RATIO_FROM && unpacked / RATIO_MAX > packed {
        return Err(Bomb::words());
    }
    Ok(())
}

/// Documents in zip archives that are not read: a beginning and an end of the name of one of their
/// files, in lower case, and the words for them in French and English.
const DOCUMENTS: [(&str, &str, &str, &str); 11] = [
    (
        "xl/workbook.bin",
        "",
        "est un classeur Excel binaire (.xlsb) : enregistrez-le en .xlsx ou en CSV",
        "is a binary Excel workbook (.xlsb): save it as .xlsx or CSV",
    ),
    (
        "content.xml",
        "",
        "est un document OpenDocument (.ods) : enregistrez-le en .xlsx ou en CSV",
        "is an OpenDocument file (.ods): save it as .xlsx or CSV",
    ),
    (
        "index/",
        ".iwa",
        "est un document Numbers d’Apple : exportez-le en .xlsx ou en CSV",
        "is a Numbers document of Apple: export it as .xlsx or CSV",
    ),
    (
        "",
        ".gdbtable",
        "est une géodatabase fichier d’Esri (.gdb) : exportez-en la couche en GeoJSON ou en \
         GeoPackage",
        "is a file geodatabase of Esri (.gdb): export its layer as GeoJSON or GeoPackage",
    ),
    (
        "",
        ".shp",
        "est un shapefile : exportez-le en GeoJSON ou en GeoPackage",
        "is a shapefile: export it as GeoJSON or GeoPackage",
    ),
    (
        "",
        ".mif",
        "est une couche MapInfo : exportez-la en GeoJSON ou en GeoPackage",
        "is a MapInfo layer: export it as GeoJSON or GeoPackage",
    ),
    (
        "",
        ".map",
        "est une couche MapInfo : exportez-la en GeoJSON ou en GeoPackage",
        "is a MapInfo layer: export it as GeoJSON or GeoPackage",
    ),
    ("word/", "", "est un document Word", "is a Word document"),
    ("ppt/", "", "est une présentation PowerPoint", "is a PowerPoint presentation"),
    ("", ".kml", "est du KML : exportez-le en GeoJSON", "is KML: export it as GeoJSON"),
    (
        "",
        ".gml",
        "est du GML : exportez-le en GeoJSON ou en GeoPackage",
        "is GML: export it as GeoJSON or GeoPackage",
    ),
];

/// The words for a file geodatabase, which is a folder; `None` for another folder.
pub fn geodatabase(folder: &Path) -> Option<Message> {
    let files = std::fs::read_dir(folder).ok()?.flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    let found = document(&names.take(1_000).collect::<Vec<_>>());
    found.and_then(Result::err)
}

/// What a zip archive is that holds a document, by the names of its files.
fn document(names: &[String]) -> Option<Result<Packing, Message>> {
    if names.iter().any(|name| name == "xl/workbook.xml") {
        return Some(Ok(Packing::Workbook));
    }
    let lower: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let is_in = |start: &str, end: &str| {
        lower.iter().any(|name| name.starts_with(start) && name.ends_with(end))
    };
    let found = DOCUMENTS.iter().find(|(start, end, ..)| is_in(start, end));
    found.map(|(.., fr, en)| Err(Message { fr: (*fr).to_owned(), en: (*en).to_owned() }))
}

fn shown(names: &[&String]) -> String {
    let first: Vec<&str> = names.iter().take(5).map(|name| name.as_str()).collect();
    format!("{}{}", first.join(", "), if names.len() > 5 { ", …" } else { "" })
}

/// A file that counts what has been read of it.
struct CountingReader {
    file: File,
    bytes: Rc<Cell<u64>>,
}

impl Read for CountingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.bytes.set(self.bytes.get() + n as u64);
        Ok(n)
    }
}

/// Compares the checksum of everything read, at its end, with the one that the archive has.
struct CheckedReader {
    unpacked: Box<dyn Read>,
    sum: Crc,
    wanted: u32,
}

impl Read for CheckedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.unpacked.read(buffer)?;
        self.sum.update(buffer.get(..n).unwrap_or_default());
        if n == 0 && !buffer.is_empty() && self.sum.sum() != self.wanted {
            return Err(io::Error::other("the checksum of the zip archive is wrong: damaged"));
        }
        Ok(n)
    }
}

/// Stops where far more is unpacked than text can be packed into.
struct BoundedReader {
    /// What the file is called where it cannot be unpacked.
    what: &'static str,
    unpacked: Box<dyn Read>,
    packed_bytes: Rc<Cell<u64>>,
    bytes: u64,
}

impl Read for BoundedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.unpacked.read(buffer).map_err(|error| {
            let reason = format!("the {} is damaged or cut ({error})", self.what);
            io::Error::new(error.kind(), reason)
        })?;
        self.bytes += n as u64;
        if self.bytes > RATIO_FROM && self.bytes / RATIO_MAX > self.packed_bytes.get() {
            return Err(io::Error::other(Bomb));
        }
        Ok(n)
    }
}

/// The error of a file that unpacks to far more than data does.
#[derive(Debug)]
pub struct Bomb;

impl Bomb {
    /// The sentence for people.
    pub fn words() -> Message {
        message!(
            "se décompresse à plus de {RATIO_MAX} fois sa taille : ce ne sont pas des données",
            "unpacks to more than {RATIO_MAX} times its size: that is not data"
        )
    }
}

impl fmt::Display for Bomb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Self::words().en)
    }
}

impl std::error::Error for Bomb {}

/// The words for an input that the machine cannot read.
pub fn unreadable(error: std::io::Error) -> Message {
    if error.get_ref().is_some_and(|inner| inner.is::<Bomb>()) {
        return Bomb::words();
    }
    match error.kind() {
        ErrorKind::NotFound => message!("n’existe pas", "does not exist: no such file"),
        ErrorKind::PermissionDenied => {
            message!("la permission de le lire manque", "may not be read: permission denied")
        }
        ErrorKind::IsADirectory => {
            message!("est un dossier, pas un fichier", "is a directory, not a file")
        }
        _ => message!(
            "ne peut pas être lu jusqu’au bout : {error}",
            "cannot be read to its end: {error}"
        ),
    }
}
