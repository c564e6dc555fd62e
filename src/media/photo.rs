//! Photos are decoded and re-encoded as JPEG, which removes metadata and everything else that is
//! not part of the picture.

use std::io::Cursor;

use exif::{In, Rational, Tag, Value};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgba, RgbaImage};

use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::message;
use crate::place::Position;

/// Limit of the size of an uploaded photo, in bytes.
pub const BYTES_MAX: usize = 12 << 20;
/// Limit of the width and height of an uploaded photo, in pixels.
const SIDE_MAX: u32 = 12_000;
/// Limit of the number of pixels of an uploaded photo. The largest cameras of telephones have 200
/// million, but send 12 to 50: decoding and scaling more takes seconds, and a file of a few
/// kilobytes can have them.
const PIXELS_MAX: u64 = 50_000_000;
/// Limit of the memory for decoding, in bytes: a small file can decode to a huge picture.
const DECODED_BYTES_MAX: u64 = 256 << 20;
/// Limit of the longer side of a stored photo, in pixels; larger photos are scaled down.
const STORED_SIDE_MAX: u32 = 2_048;
/// Limit of the longer side of a thumbnail, in pixels.
const THUMBNAIL_SIDE_MAX: u32 = 320;
/// Random bytes of a name that nobody can guess.
const SECRET_BYTES: usize = 16;
/// JPEG quality, 1 to 100.
const QUALITY: u8 = 84;

/// A photo ready to be stored.
#[derive(Debug)]
pub struct Photo {
    /// JPEG, without metadata.
    pub image: Vec<u8>,
    /// The thumbnail, JPEG without metadata.
    pub thumbnail: Vec<u8>,
    /// Width of the stored photo, in pixels.
    pub width: u32,
    /// Height of the stored photo, in pixels.
    pub height: u32,
    /// Where it was taken, according to the EXIF data of the upload. The stored photo does not
    /// contain it.
    pub position: Option<Position>,
}

impl Photo {
    /// Decodes an uploaded JPEG, PNG or WebP and encodes it for storage. The format is recognised
    /// from the bytes alone.
    ///
    /// # Errors
    /// The file is too large, of another format or damaged, or decodes to a too large picture.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > BYTES_MAX {
            let max = BYTES_MAX >> 20;
            let message =
                message!("La photo dépasse {max} Mio.", "The photo is larger than {max} MiB.");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let format = kind(bytes)?;
        let (orientation, position) = read_exif(bytes);
        let mut picture = decode(bytes, format)?;
        if let Some(orientation) = image::metadata::Orientation::from_exif(orientation) {
            picture.apply_orientation(orientation);
        }
        let picture = on_white(fitted(picture, STORED_SIDE_MAX));
        let (width, height) = (picture.width(), picture.height());
        let thumbnail = encode(&fitted(picture.clone(), THUMBNAIL_SIDE_MAX))?;
        Ok(Self { image: encode(&picture)?, thumbnail, width, height, position })
    }

    /// A photo that another instance of this service stores under `name`. Its bytes stay unchanged.
    ///
    /// # Errors
    /// It is not a valid JPEG, its name is not the digest of its bytes, it has EXIF data, or it is
    /// larger than stored photos are.
    pub fn from_stored(image: Vec<u8>, name: &str) -> Result<Self> {
        let picture = decode(&image, ImageFormat::Jpeg)?;
        let (width, height) = (picture.width(), picture.height());
        let thumbnail = encode(&fitted(picture.into_rgb8().into(), THUMBNAIL_SIDE_MAX))?;
        let photo = Self { image, thumbnail, width, height, position: None };
        let read = exif::Reader::new().read_from_container(&mut Cursor::new(&photo.image));
        if photo.name() != name || read.is_ok() || width.max(height) > STORED_SIDE_MAX {
            return Err(refusal(message!(
                "n’a pas le contenu que son nom indique",
                "does not have the content that its name indicates"
            )));
        }
        Ok(photo)
    }
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    reader.limits(limits);
    let unreadable = |error: image::ImageError| {
        let reason = error.to_string();
        refusal(message!("ne peut pas être lue : {reason}", "cannot be read: {reason}"))
    };
    let decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        let max = PIXELS_MAX / 1_000_000;
        return Err(refusal(message!(
            "a {width} × {height} pixels ; {max} millions au plus",
            "has {width} × {height} pixels; {max} million at most"
        )));
    }
    if decoder.total_bytes() > DECODED_BYTES_MAX {
        let max = DECODED_BYTES_MAX >> 20;
        return Err(refusal(message!(
            "se décode en plus de {max} Mio",
            "decodes to more than {max} MiB"
        )));
    }
    DynamicImage::from_decoder(decoder).map_err(unreadable)
}

impl Photo {
    /// The photo with random bytes in a comment, so that nobody who has the same picture can guess
    /// its name.
    #[must_use]
    pub fn with_secret_name(mut self) -> Self {
        let mut comment = vec![0xff, 0xfe];
        comment.extend((SECRET_BYTES as u16 + 2).to_be_bytes());
        comment.extend(rand::random::<[u8; SECRET_BYTES]>());
        // A JPEG begins with the two bytes of its mark; comments may come directly after it.
        self.image.splice(2..2, comment);
        self
    }

    /// Its name in the photo store: a digest of its bytes.
    pub fn name(&self) -> String {
        format!("{}.jpg", self.digest())
    }

    /// The name of its thumbnail in the photo store.
    pub fn small_name(&self) -> String {
        format!("{}-320.jpg", self.digest())
    }

    fn digest(&self) -> String {
        blake3::hash(&self.image).to_hex()[..32].to_owned()
    }
}

fn refusal(message: crate::i18n::Message) -> Error {
    Refusal::new("media", "", message).into()
}

fn kind(bytes: &[u8]) -> Result<ImageFormat> {
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) => Ok(format),
        _ if bytes.get(4..8) == Some(b"ftyp") => Err(refusal(message!(
            "est en HEIC ou AVIF ; envoyez du JPEG, PNG ou WebP",
            "is HEIC or AVIF; send JPEG, PNG or WebP"
        ))),
        _ => Err(refusal(message!(
            "n’est pas une photo JPEG, PNG ou WebP",
            "is not a JPEG, PNG or WebP photo"
        ))),
    }
}

fn fitted(picture: DynamicImage, side: u32) -> DynamicImage {
    let large = picture.width().max(picture.height()) > side;
    if large { picture.thumbnail(side, side) } else { picture }
}

/// Puts the picture on a white background, because JPEG has no transparency.
fn on_white(picture: DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8().into();
    }
    let front = picture.into_rgba8();
    let mut back = RgbaImage::from_pixel(front.width(), front.height(), Rgba([255; 4]));
    image::imageops::overlay(&mut back, &front, 0, 0);
    DynamicImage::from(back).into_rgb8().into()
}

fn encode(picture: &DynamicImage) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    picture.write_with_encoder(encoder).map_err(Error::internal)?;
    Ok(bytes)
}

/// The EXIF orientation (1 to 8) of a photo, and where it was taken.
fn read_exif(bytes: &[u8]) -> (u8, Option<Position>) {
    let read = exif::Reader::new().read_from_container(&mut Cursor::new(bytes));
    let Ok(exif) = read else { return (1, None) };
    let turned = exif.get_field(Tag::Orientation, In::PRIMARY);
    let turned = turned.and_then(|field| field.value.get_uint(0)).unwrap_or(1);
    let degrees = |value: Tag, sign: Tag, negative: &[u8]| {
        let Value::Rational(parts) = &exif.get_field(value, In::PRIMARY)?.value else {
            return None;
        };
        let part = |n: usize| parts.get(n).map_or(0.0, Rational::to_f64);
        let size = part(0) + part(1) / 60.0 + part(2) / 3600.0;
        let side = exif.get_field(sign, In::PRIMARY);
        let Value::Ascii(side) = &side?.value else { return None };
        let below = side.first().is_some_and(|text| text.starts_with(negative));
        Some(if below { -size } else { size })
    };
    let lon = degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef, b"W");
    let lat = degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef, b"S");
    // Some cameras write 0/0 for an unknown position.
    let known = lon.zip(lat).filter(|place| *place != (0.0, 0.0));
    let position = known.and_then(|(lon, lat)| Position::new(lon, lat).ok());
    (u8::try_from(turned).unwrap_or(1), position)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let pixel = |x: u32, y: u32| image::Rgb([(x % 251) as u8, (y % 241) as u8, 77]);
        let image = image::RgbImage::from_fn(width, height, pixel);
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// A JPEG that says it was turned by a quarter and taken in Québec.
    fn with_exif(jpeg: &[u8]) -> Vec<u8> {
        let mut tiff = b"II*\0\x08\0\0\0".to_vec();
        let entry = |tiff: &mut Vec<u8>, tag: u16, kind: u16, count: u32, value: [u8; 4]| {
            tiff.extend(tag.to_le_bytes());
            tiff.extend(kind.to_le_bytes());
            tiff.extend(count.to_le_bytes());
            tiff.extend(value);
        };
        tiff.extend(2u16.to_le_bytes());
        entry(&mut tiff, 0x0112, 3, 1, [6, 0, 0, 0]);
        entry(&mut tiff, 0x8825, 4, 1, 38u32.to_le_bytes());
        tiff.extend([0; 4]);
        tiff.extend(4u16.to_le_bytes());
        entry(&mut tiff, 1, 2, 2, *b"N\0\0\0");
        entry(&mut tiff, 2, 5, 3, 92u32.to_le_bytes());
        entry(&mut tiff, 3, 2, 2, *b"W\0\0\0");
        entry(&mut tiff, 4, 5, 3, 116u32.to_le_bytes());
        tiff.extend([0; 4]);
        for (top, bottom) in [(46u32, 1u32), (48, 1), (3000, 100), (71, 1), (12, 1), (4500, 100)] {
            tiff.extend(top.to_le_bytes());
            tiff.extend(bottom.to_le_bytes());
        }
        let mut out = jpeg[..2].to_vec();
        out.extend([0xff, 0xe1]);
        out.extend(((tiff.len() + 8) as u16).to_be_bytes());
        out.extend(b"Exif\0\0");
        out.extend(&tiff);
        out.extend(&jpeg[2..]);
        out
    }

    #[test]
    fn the_place_is_offered_and_then_gone() {
        let sent = with_exif(&picture(400, 300, ImageFormat::Jpeg));
        let photo = Photo::read(&sent).unwrap();
        let at = photo.position.unwrap();
        assert!((at.lat() - 46.808_333).abs() < 1e-5 && (at.lon() + 71.2125).abs() < 1e-5);
        assert_eq!((photo.width, photo.height), (300, 400), "it was turned upright");
        let kept = Photo::read(&photo.image).unwrap();
        assert_eq!(kept.position, None);
        assert!(!photo.image.windows(4).any(|four| four == b"Exif"));
    }

    #[test]
    fn a_kept_photo_stays_as_it_is_if_it_is_what_its_name_says() {
        let photo = Photo::read(&picture(900, 600, ImageFormat::Jpeg)).unwrap();
        let name = photo.name();
        let again = Photo::from_stored(photo.image.clone(), &name).unwrap();
        assert!(again.image == photo.image && !again.thumbnail.is_empty());
        assert!(
            Photo::from_stored(photo.image.clone(), "00000000000000000000000000000000.jpg")
                .is_err()
        );
        let named = |bytes: &[u8]| format!("{}.jpg", &blake3::hash(bytes).to_hex()[..32]);
        let telling = with_exif(&photo.image);
        assert!(Photo::from_stored(telling.clone(), &named(&telling)).is_err(), "it tells where");
        assert!(Photo::from_stored(b"<html>".to_vec(), &named(b"<html>")).is_err());
    }

    #[test]
    fn a_secret_name_is_another_for_each_upload_of_one_picture() {
        let photo = || Photo::read(&picture(90, 60, ImageFormat::Png)).unwrap();
        assert_eq!(photo().name(), photo().name());
        let (one, two) = (photo().with_secret_name(), photo().with_secret_name());
        assert_ne!(one.name(), two.name());
        let again = Photo::from_stored(one.image.clone(), &one.name()).unwrap();
        assert_eq!((again.width, again.height), (90, 60));
        assert_eq!(image::load_from_memory(&one.image).unwrap(), {
            image::load_from_memory(&photo().image).unwrap()
        });
    }

    #[test]
    fn large_photos_become_smaller_and_other_files_are_refused() {
        let photo = Photo::read(&picture(3000, 1000, ImageFormat::Png)).unwrap();
        assert_eq!((photo.width, photo.height), (2048, 683));
        assert!(Photo::read(&picture(64, 64, ImageFormat::WebP)).is_ok());
        let message = |bytes: &[u8]| Photo::read(bytes).unwrap_err().to_string();
        assert!(message(b"<html><script>").contains("is not a JPEG"));
        assert!(message(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").contains("HEIC"));
        assert!(message(&picture(64, 64, ImageFormat::Jpeg)[..200]).contains("cannot be read"));
        assert!(message(b"").contains("is not a JPEG"));
        assert_eq!(Photo::read(&vec![0; BYTES_MAX + 1]).unwrap_err().kind, ErrorKind::TooLarge);
    }

    #[test]
    fn a_bomb_is_not_unfolded() {
        // A header that promises 11,000 × 11,000 pixels of four bytes, and almost no data after it.
        let mut png = picture(8, 8, ImageFormat::Png);
        png[16..24].copy_from_slice(&[0, 0, 0x2a, 0xf8, 0, 0, 0x2a, 0xf8]);
        png[25] = 6;
        let mut crc = flate2::Crc::new();
        crc.update(&png[12..29]);
        png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        let refusal = Photo::read(&png).unwrap_err().to_string();
        assert!(refusal.contains("50 million at most"), "{refusal}");
    }
}
