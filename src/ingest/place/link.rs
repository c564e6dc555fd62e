//! The place in a link to a map: `geo:` (RFC 5870) and the addresses of web maps.

/// Names of a latitude and a longitude among the parameters of a link, in the order of preference:
/// markers before the middle of the map.
const NAMES: [(&str, &str); 7] = [
    ("mlat", "mlon"),
    ("lat", "lon"),
    ("lat", "lng"),
    ("lat", "long"),
    ("latitude", "longitude"),
    ("latitude", "lng"),
    ("y", "x"),
];

/// Longitude and latitude of a link; `None` where the text is no link or holds no place.
pub fn linked(text: &str) -> Option<(f64, f64)> {
    let is_link = || {
        let start = text.get(..4).unwrap_or_default().to_ascii_lowercase();
        start == "geo:" || start == "www." || text.contains("://")
    };
    if text.contains(char::is_whitespace) || !is_link() {
        return None;
    }
    let link = decoded(text);
    let (lat, lon) = marker(&link)
        .or_else(|| named(&link))
        .or_else(|| pair(&link))
        .or_else(|| after_zoom(&link))?;
    // Maps of this publisher write the longitude first.
    let (lat, lon) = if link.contains("//yandex.") { (lon, lat) } else { (lat, lon) };
    (lat.abs() <= 90.0 && lon.abs() <= 180.0).then_some((lon, lat))
}

/// The link with its escapes (`%2C`) written out; `+` is a blank, as in forms.
fn decoded(link: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(link.len()), link.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = hex.and_then(|two| u8::from_str_radix(two, 16).ok());
        match (*first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(byte),
        }
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A number with decimals at the start of a text, up to a sign that is not of it.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || ".-".contains(c)));
    let text = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    text.contains('.').then(|| text.parse().ok())?
}

/// Google's marker: `!3d` before its latitude, `!4d` before its longitude.
fn marker(link: &str) -> Option<(f64, f64)> {
    let behind = |sign: &str| link.rsplit_once(sign).and_then(|(_, rest)| number(rest));
    Some((behind("!3d")?, behind("!4d")?))
}

/// A latitude and a longitude as parameters of their own: `mlat=45.5&mlon=-73.6`.
fn named(link: &str) -> Option<(f64, f64)> {
    let parameters = || link.split(['?', '&', '#', ';']).filter_map(|one| one.split_once('='));
    let value = |name: &str| {
        let mut found = parameters().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.find_map(|(_, value)| number(value))
    };
    NAMES.iter().find_map(|(lat, lon)| Some((value(lat)?, value(lon)?)))
}

/// Two numbers beside each other: `q=45.5,-73.6`, `/@45.5,-73.6,17z`, `cp=45.5~-73.6`.
fn pair(link: &str) -> Option<(f64, f64)> {
    let parts = link.split(['/', '?', '&', '#', '=', '@', ';']).map(|part| {
        let part = part.trim_start_matches("geo:");
        part.trim_start_matches("loc:")
    });
    let mut found = parts.filter_map(|part| {
        let (first, second) = part.split_once([',', '~'])?;
        // The whole of the first part is a number.
        let is_number = first.trim().chars().all(|c| c.is_ascii_digit() || ".-".contains(c));
        Some((number(first).filter(|_| is_number)?, number(second)?))
    });
    // `geo:0,0?q=…` has no decimals, so that the place after it is found.
    found.next()
}

/// Latitude and longitude after a zoom: `#map=17/45.5/-73.6`.
fn after_zoom(link: &str) -> Option<(f64, f64)> {
    let (_, view) = link.rsplit_once('#')?;
    let view = view.split('&').find_map(|one| one.strip_prefix("map=")).unwrap_or(view);
    let mut parts = view.split('/');
    let zoom = parts.next()?;
    zoom.parse::<f64>().ok()?;
    Some((number(parts.next()?)?, number(parts.next()?)?))
}

#[cfg(test)]
mod tests {
    use super::linked;

    #[test]
    fn links_of_maps() {
        for link in [
            "geo:45.5,-73.6",
            "geo:45.5,-73.6;u=35",
            "geo:0,0?q=45.5,-73.6(Bin)",
            "https://www.google.com/maps?q=45.5,-73.6",
            "https://maps.google.com/maps?q=loc:45.5%2C-73.6&z=17",
            "https://www.google.com/maps/@45.5,-73.6,17z",
            "https://www.google.com/maps/place/X/@46.9,-74.1,17z/data=!3m1!4b1!3d45.5!4d-73.6",
            "https://www.google.com/maps/search/?api=1&query=45.5%2C-73.6",
            "https://www.openstreetmap.org/?mlat=45.5&mlon=-73.6#map=17/46.9/-74.1",
            "https://www.openstreetmap.org/#map=17/45.5/-73.6",
            "https://map.example/#17/45.5/-73.6",
            "https://maps.apple.com/?ll=45.5,-73.6",
            "https://www.bing.com/maps?cp=45.5~-73.6&lvl=17",
            "https://city.example/map?latitude=45.5&longitude=-73.6",
            "https://yandex.com/maps/?ll=-73.6%2C45.5&z=17",
            "www.map.example/45.5,+-73.6",
        ] {
            assert_eq!(linked(link), Some((-73.6, 45.5)), "{link}");
        }
        for text in [
            "https://city.example/requests/311",
            "https://city.example/photo.jpg?size=1.5,x",
            "https://maps.app.goo.gl/abc",
            "45.5,-73.6",
            "https://city.example/?q=145.5,-73.6",
            "geo:",
            "%%%://%2",
        ] {
            assert_eq!(linked(text), None, "{text}");
        }
    }
}
