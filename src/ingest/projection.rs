//! Projected coordinates to WGS 84, by `proj4rs`.

use proj4rs::Proj;
use proj4rs::transform::transform;

/// The projections that cities' exports use: name and definition (EPSG registry).
const KNOWN: [(&str, &str); 4] = [
    (
        // NAD83 / MTM zone 8: Montréal.
        "EPSG:32188",
        "+proj=tmerc +lat_0=0 +lon_0=-73.5 +k=0.9999 +x_0=304800 +y_0=0 +ellps=GRS80 \
         +towgs84=0,0,0,0,0,0,0 +units=m +no_defs",
    ),
    (
        // NAD83 / New York Long Island (US survey feet).
        "EPSG:2263",
        "+proj=lcc +lat_0=40.1666666666667 +lon_0=-74 +lat_1=41.0333333333333 \
         +lat_2=40.6666666666667 +x_0=300000 +y_0=0 +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 \
         +units=us-ft +no_defs",
    ),
    (
        // NAD83 / Illinois East (US survey feet): Chicago.
        "EPSG:3435",
        "+proj=tmerc +lat_0=36.6666666666667 +lon_0=-88.3333333333333 +k=0.999975 +x_0=300000 \
         +y_0=0 +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +units=us-ft +no_defs",
    ),
    (
        // CH1903+ / LV95: Switzerland.
        "EPSG:2056",
        "+proj=somerc +lat_0=46.9524055555556 +lon_0=7.43958333333333 +k_0=1 +x_0=2600000 \
         +y_0=1200000 +ellps=bessel +towgs84=674.374,15.056,405.346,0,0,0,0 +units=m +no_defs",
    ),
];

const WGS84: &str = "+proj=longlat +datum=WGS84 +no_defs";

/// A projection made ready.
pub struct Projection {
    from: Proj,
    to: Proj,
}

impl Projection {
    /// One of the known `EPSG:` names, or a PROJ definition (`+proj=…`).
    ///
    /// # Errors
    /// Names what is known, or says what is wrong with the definition.
    pub fn new(definition: &str) -> Result<Self, String> {
        let known = KNOWN.iter().find(|(name, _)| *name == definition);
        let text = match known {
            Some((_, text)) => text,
            None if definition.starts_with("+proj=") => definition,
            None => {
                let names: Vec<_> = KNOWN.iter().map(|(name, _)| *name).collect();
                return Err(format!("projection '{definition}': +proj=… or {}", names.join(", ")));
            }
        };
        let make = |text| Proj::from_proj_string(text).map_err(|error| error.to_string());
        Ok(Self { from: make(text)?, to: make(WGS84)? })
    }

    /// Longitude and latitude in degrees of projected `x` and `y`, in the projection's own unit.
    pub fn lon_lat(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let mut point = (x, y, 0.0);
        transform(&self.from, &self.to, &mut point).ok()?;
        let (lon, lat) = (point.0.to_degrees(), point.1.to_degrees());
        (lon.is_finite() && lat.is_finite()).then_some((lon, lat))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs that the cities published themselves, both ways in one row; Zürich's is swisstopo's
    /// fundamental point of Bern (2600000, 1200000).
    #[test]
    fn agrees_with_coordinates_the_cities_published() {
        for (name, x, y, lon, lat, tolerance) in [
            ("EPSG:32188", 294_352.32, 5_031_850.88, -73.633_513_5, 45.426_514_2, 2e-7),
            (
                "EPSG:32188",
                303_947.060_773_187,
                5_050_719.357_708_35,
                -73.510_932_762_759_2,
                45.596_378_195_008_5,
                1e-8,
            ),
            (
                "EPSG:2263",
                1_002_186.0,
                247_999.0,
                -73.935_171_377_471_49,
                40.847_356_820_507_65,
                3e-6,
            ),
            ("EPSG:2263", 1_002_973.0, 152_924.0, -73.932_591_3, 40.586_397_4, 3e-6),
            ("EPSG:3435", 1_176_315.0, 1_900_437.0, -87.627_7, 41.882_2, 4e-4),
            ("EPSG:2056", 2_600_000.0, 1_200_000.0, 7.438_632_495, 46.951_082_877, 2e-6),
        ] {
            let (east, north) = Projection::new(name).unwrap().lon_lat(x, y).unwrap();
            assert!((east - lon).abs() < tolerance, "{name}: {east} is not {lon}");
            assert!((north - lat).abs() < tolerance, "{name}: {north} is not {lat}");
        }
    }

    #[test]
    fn unknown_names_are_refused() {
        assert!(Projection::new("EPSG:9999").err().unwrap().contains("EPSG:2056"));
        assert!(Projection::new("+proj=unicorn").is_err());
    }
}
