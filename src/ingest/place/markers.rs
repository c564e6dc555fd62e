//! Numbers that sources write for a place that is not known: -1, -1 and 999, 9999.

/// Are both coordinates, in degrees, the marker of an unknown place: -1 and -1, or nines that are
/// no coordinates?
pub fn is_marker(lon: f64, lat: f64) -> bool {
    let are_minus_one = lon == -1.0 && lat == -1.0;
    // 99 alone may be a longitude; beside a latitude of nines it is none.
    are_minus_one || (lat.abs() > 90.0 && is_nines(lat) && is_nines(lon))
}

/// Is it a number of nines alone: 99, -999, 9999, 99.99, 999.999?
fn is_nines(number: f64) -> bool {
    let text = number.abs().to_string();
    let mut parts = text.split('.');
    let are_nines = |part: &str| part.bytes().all(|b| b == b'9');
    number.abs() >= 99.0 && parts.next().is_some_and(are_nines) && parts.all(are_nines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_no_places() {
        for (lon, lat) in [
            (-1.0, -1.0),
            (999.0, 999.0),
            (-999.0, -999.0),
            (9999.0, 9999.0),
            (99.0, 99.0),
            (999.999, 99.9999),
            (-99.0, 999.0),
        ] {
            assert!(is_marker(lon, lat), "{lon} {lat}");
        }
        for (lon, lat) in [(-1.0, 51.0), (-1.0, 0.0), (99.0, 19.0), (9.0, 9.0), (999.0, 45.0)] {
            assert!(!is_marker(lon, lat), "{lon} {lat}");
        }
    }
}
