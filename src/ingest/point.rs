//! A point written as one text.

/// `(lat, lon)`, `POINT (lon lat)`, or the two in a Python or JSON dictionary.
pub fn point(text: &str) -> Option<(f64, f64)> {
    let numbers = |text: &str| -> Option<(f64, f64)> {
        let mut parts =
            text.split([',', ' ']).filter(|part| !part.is_empty()).map(str::parse::<f64>);
        match (parts.next()?, parts.next()?, parts.next()) {
            (Ok(a), Ok(b), None) => Some((a, b)),
            _ => None,
        }
    };
    let inside = |text: &str| {
        let (_, rest) = text.split_once('(')?;
        numbers(rest.split_once(')')?.0)
    };
    if text.starts_with("POINT") {
        return inside(text);
    }
    if let Some((_, rest)) = text.split_once("latitude") {
        let value = |text: &str| -> Option<f64> {
            let start = text.find(|c: char| c.is_ascii_digit() || c == '-')?;
            let rest = &text[start..];
            let end = rest.find(|c: char| !c.is_ascii_digit() && !"-.".contains(c));
            rest[..end.unwrap_or(rest.len())].parse().ok()
        };
        return Some((value(text.split_once("longitude")?.1)?, value(rest)?));
    }
    inside(text).map(|(lat, lon)| (lon, lat))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_point() {
        assert_eq!(point("(40.5863974, -73.9325913)"), Some((-73.9325913, 40.5863974)));
        let dict = "{'latitude': '40.75', 'longitude': '-73.84', 'human_address': '{}'}";
        assert_eq!(point(dict), Some((-73.84, 40.75)));
        assert_eq!(point("POINT (-122.42 37.77)"), Some((-122.42, 37.77)));
        assert_eq!(point("somewhere"), None);
    }
}
