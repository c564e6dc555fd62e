//! GeoJSON in: the features of a collection one by one, whatever the file's size and whatever else
//! the collection holds beside them.

use std::io::BufRead;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Reads a FeatureCollection and calls `found` with each feature until it answers false.
///
/// # Errors
/// The text is not JSON, or not a FeatureCollection; features before the fault have been found.
pub fn read(reader: impl BufRead, found: &mut dyn FnMut(Value) -> bool) -> Result<(), String> {
    let mut json = serde_json::Deserializer::from_reader(reader);
    let mut stopped = false;
    let result = CollectionSeed { found, stopped: &mut stopped }.deserialize(&mut json);
    match result {
        Err(_) if stopped => Ok(()),
        Err(error) => Err(error.to_string()),
        Ok(()) => json.end().map_err(|error| error.to_string()),
    }
}

struct CollectionSeed<'a> {
    found: &'a mut dyn FnMut(Value) -> bool,
    stopped: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for CollectionSeed<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for CollectionSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a GeoJSON FeatureCollection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { found, stopped } = self;
        let mut seen = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "features" {
                seen = true;
                map.next_value_seed(FeaturesSeed { found: &mut *found, stopped: &mut *stopped })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if seen { Ok(()) } else { Err(A::Error::missing_field("features")) }
    }
}

struct FeaturesSeed<'a> {
    found: &'a mut dyn FnMut(Value) -> bool,
    stopped: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for FeaturesSeed<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for FeaturesSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(feature) = seq.next_element::<Value>()? {
            if !(self.found)(feature) {
                *self.stopped = true;
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_features_beside_other_members() {
        let text = br#"{"bbox":[1,2],"crs":{"features":[]},"features":[{"a":1},{"a":2}],"x":[3]}"#;
        let mut found = Vec::new();
        read(&text[..], &mut |feature| {
            found.push(feature["a"].as_i64().unwrap());
            true
        })
        .unwrap();
        assert_eq!(found, [1, 2]);
        for bad in ["", "[]", "{}", r#"{"features":[{"a":1},"#, r#"{"features":3}"#] {
            assert!(read(bad.as_bytes(), &mut |_| true).is_err(), "{bad}");
        }
    }
}
