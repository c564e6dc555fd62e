//! Points in binary: well-known binary (WKB) and the blobs of a GeoPackage, as cells of a row.

use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::reference_system::projection::Projection;
use crate::message;

/// Dimensions that PostGIS marks in the kind of a geometry: Z, M, and a reference system.
const EWKB_FLAGS: u32 = 0xe000_0000;
const EWKB_SRID: u32 = 0x2000_0000;
/// Kinds of geometry in WKB.
const POINT: u32 = 1;
const MULTI_POINT: u32 = 4;
const KINDS: [&str; 8] = [
    "Geometry",
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
];

/// The field of a refusal whose value is the kind of a geometry that is no point.
pub const GEOMETRY_KIND: &str = "geometry.type";

/// A place of a binary geometry: its two coordinates, or that it is empty.
pub type BinaryPoint = Result<Option<(f64, f64)>, Refusal>;

/// Numbers of a geometry, one after the other.
struct Wkb<'a> {
    bytes: &'a [u8],
    is_little: bool,
}

impl Wkb<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*first)
    }

    fn word(&mut self) -> Option<u32> {
        let four = self.take()?;
        Some(if self.is_little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    }

    fn number(&mut self) -> Option<f64> {
        let eight = self.take()?;
        Some(if self.is_little { f64::from_le_bytes(eight) } else { f64::from_be_bytes(eight) })
    }

    /// The kind of the geometry that begins here, without its dimensions.
    fn kind(&mut self) -> Option<u32> {
        let [order] = self.take()?;
        self.is_little = order == 1;
        let kind = self.word().filter(|_| order <= 1)?;
        if kind & EWKB_SRID != 0 {
            self.word()?;
        }
        Some((kind & !EWKB_FLAGS) % 1000)
    }
}

/// The point of a well-known binary, ISO's or PostGIS's; of a MultiPoint the only one. Heights and
/// measures are left out.
///
/// # Errors
/// Another kind of geometry; several points; cut short.
pub fn wkb_point(bytes: &[u8]) -> BinaryPoint {
    let mut wkb = Wkb { bytes, is_little: true };
    let cut = || {
        let message = message!("n’est pas une géométrie lisible", "is not a geometry");
        Refusal::new("geometry", hexadecimal(bytes), message)
    };
    let mut kind = wkb.kind().ok_or_else(cut)?;
    if kind == MULTI_POINT {
        match wkb.word().ok_or_else(cut)? {
            0 => return Ok(None),
            1 => kind = wkb.kind().ok_or_else(cut)?,
            count => {
                let message = message!("points au lieu d’un", "points instead of one");
                return Err(Refusal::new("geometry", count, message));
            }
        }
    }
    if kind != POINT {
        let message = message!("n’est pas un Point", "is not a Point");
        let name = KINDS.get(kind as usize).copied().unwrap_or("?");
        return Err(Refusal::new(GEOMETRY_KIND, name, message));
    }
    let point = wkb.number().zip(wkb.number()).ok_or_else(cut)?;
    // The empty point of WKB.
    Ok(Some(point).filter(|(x, y)| !(x.is_nan() && y.is_nan())))
}

/// The point of a GeoPackage's blob (OGC 12-128r17, clause 2.1.3).
///
/// # Errors
/// As [`wkb_point`]; not a blob of a GeoPackage.
pub fn geopackage_point(blob: &[u8]) -> BinaryPoint {
    let broken = || {
        let message = message!("n’est pas une géométrie lisible", "is not a geometry");
        Refusal::new("geometry", hexadecimal(blob), message)
    };
    let [b'G', b'P', _, flags, ..] = blob else { return Err(broken()) };
    if flags & 0x10 != 0 {
        return Ok(None);
    }
    let envelope = match (flags >> 1) & 7 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        _ => return Err(broken()),
    };
    wkb_point(blob.get(8 + envelope..).ok_or_else(broken)?)
}

/// The first bytes in hexadecimal, as EWKB is written in texts.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().take(64).map(|byte| format!("{byte:02x}")).collect()
}

/// The coordinate reference system of a geometry column.
#[derive(Debug)]
pub enum GeometryCrs {
    /// Longitude and latitude of WGS 84.
    Degrees,
    /// A projection that is known.
    Projected(Box<Projection>),
    /// The file does not say.
    Unknown,
}

impl GeometryCrs {
    /// The system of an EPSG code.
    ///
    /// # Errors
    /// The code is not known.
    pub fn epsg(code: i64) -> Result<Self, Message> {
        if code == 4326 {
            return Ok(Self::Degrees);
        }
        Projection::new(&format!("EPSG:{code}"))
            .map(|projection| Self::Projected(Box::new(projection)))
            .map_err(|reason| message!("{reason}", "{reason}"))
    }

    /// Does the file say which system it is? Only then its rows are features like those of GeoJSON.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown)
    }

    /// Names of the two columns that hold the place: degrees, or coordinates of a projection that
    /// the rows themselves must show.
    pub fn columns(&self) -> [&'static str; 2] {
        match self {
            Self::Degrees | Self::Projected(_) => ["*lon", "*lat"],
            Self::Unknown => ["*x", "*y"],
        }
    }

    /// The texts of the two cells. Degrees are the shortest decimals that read back as the same
    /// number.
    ///
    /// # Errors
    /// The point lies outside of the projection.
    pub fn cells(&self, (x, y): (f64, f64)) -> Result<[String; 2], Refusal> {
        let (x, y) = match self {
            Self::Degrees | Self::Unknown => (x, y),
            Self::Projected(projection) => projection.lon_lat(x, y).ok_or_else(|| {
                let message = message!("n’est pas dans la projection", "is not in the projection");
                Refusal::new("geometry.coordinates", format!("{x}, {y}"), message)
            })?,
        };
        Ok([x.to_string(), y.to_string()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wkb(kind: u32, numbers: &[f64]) -> Vec<u8> {
        let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
        [1].into_iter().chain(kind.to_le_bytes()).chain(numbers).collect()
    }

    #[test]
    fn points_of_every_kind() {
        let at = Some((-71.2, 46.8));
        let big: Vec<u8> = [0, 0, 0, 0, 1]
            .into_iter()
            .chain((-71.2_f64).to_be_bytes())
            .chain(46.8_f64.to_be_bytes())
            .collect();
        let mut srid = wkb(0x2000_0001, &[]);
        srid.extend(4326_u32.to_le_bytes());
        srid.extend(wkb(1, &[-71.2, 46.8]).split_off(5));
        let mut multi = wkb(4, &[]);
        multi.extend(1_u32.to_le_bytes());
        multi.extend(wkb(1, &[-71.2, 46.8]));
        for bytes in [
            wkb(1, &[-71.2, 46.8]),
            wkb(1001, &[-71.2, 46.8, 90.0]),
            wkb(0x8000_0001, &[-71.2, 46.8, 90.0]),
            wkb(3001, &[-71.2, 46.8, 90.0, 1.0]),
            big,
            srid,
            multi,
        ] {
            assert_eq!(wkb_point(&bytes).unwrap(), at, "{bytes:?}");
        }
        assert_eq!(wkb_point(&wkb(1, &[f64::NAN, f64::NAN])).unwrap(), None);
        for (bytes, field) in [
            (wkb(3, &[1.0]), "geometry.type"),
            (wkb(1, &[1.0]), "geometry"),
            (vec![], "geometry"),
            (vec![7; 21], "geometry"),
        ] {
            assert_eq!(wkb_point(&bytes).unwrap_err().field, field, "{bytes:?}");
        }
    }

    #[test]
    fn blobs_with_and_without_an_envelope() {
        let point = wkb(1, &[-71.2, 46.8]);
        for (code, length) in [(0_u8, 0), (1, 32), (2, 48), (3, 48), (4, 64)] {
            let mut blob = vec![b'G', b'P', 0, code << 1 | 1, 0, 0, 0, 0];
            blob.extend(vec![0; length]);
            blob.extend(&point);
            assert_eq!(geopackage_point(&blob).unwrap(), Some((-71.2, 46.8)), "{code}");
            assert!(geopackage_point(&blob[..blob.len() - 1]).is_err());
        }
        assert_eq!(geopackage_point(&[b'G', b'P', 0, 0x11, 0, 0, 0, 0]).unwrap(), None);
        assert!(geopackage_point(b"PK").is_err());
    }
}
