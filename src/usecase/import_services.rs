//! The services that an import adds to its city: one for each category of the source that the
//! city's catalogue does not have, once a report of it is written.

use std::collections::HashMap;

use crate::domain::{Catalogue, Nature, Service, ServiceCode, name_key};

/// Names of new services without a group that are listed, at most.
const LISTED_MAX: usize = 200;

/// The services of an import.
pub(super) struct ImportServices {
    /// The services of the city and those that rows may add.
    pub catalogue: Catalogue,
    quebec: Catalogue,
    /// Services of rows so far of which no report is written yet.
    proposed: HashMap<ServiceCode, Service>,
    /// Services that are to be written with the next reports.
    pub adopted: Vec<Service>,
    /// How many were adopted in all.
    pub count: u64,
    /// Names of adopted services that no group has a word of.
    pub ungrouped: Vec<String>,
    /// Names of categories with the code each came with and the code it was given.
    codes_of_names: HashMap<String, (String, Option<String>)>,
}

impl ImportServices {
    /// The services of a city.
    pub fn of(catalogue: Catalogue, quebec: Catalogue) -> Self {
        Self {
            catalogue,
            quebec,
            proposed: HashMap::new(),
            adopted: Vec::new(),
            count: 0,
            ungrouped: Vec::new(),
            codes_of_names: HashMap::new(),
        }
    }

    /// The code of the service of this name, where the code is made of the name or is none as it
    /// was given: services whose names differ have different codes, the second of a slug with a
    /// number behind it. `None` where a code was given, or is that of a built-in service.
    pub fn code_of_name(&mut self, code: &str, name: &str) -> Option<String> {
        if let Some((made_of, given)) = self.codes_of_names.get(name)
            && made_of == code
        {
            return given.clone();
        }
        let is_code = ServiceCode::new(code).is_some();
        let slug = ServiceCode::slug(if is_code { name } else { code });
        // A name of pictures or signs alone is no name of a built-in service.
        let has_letters = is_code || ServiceCode::slug(&format!("a{code}")).as_str() != "a";
        let is_builtin = has_letters && self.quebec.get(slug.as_str()).is_some();
        let is_made = !is_code || (slug.as_str() == code && !is_builtin);
        let given = is_made.then(|| {
            if is_builtin {
                return slug.to_string();
            }
            let key = name_key(name);
            let is_free = |code: &ServiceCode| {
                let is_of_quebec = self.quebec.get(code.as_str()).is_some();
                !is_of_quebec
                    && self.catalogue.get(code.as_str()).is_none_or(|known| {
                        [&known.names.fr, &known.names.en]
                            .iter()
                            .any(|known| name_key(known) == key)
                    })
            };
            let numbered = (2..).map(|number| slug.numbered(number));
            let mut codes = std::iter::once(slug.clone()).chain(numbered);
            codes.find(is_free).unwrap_or_else(|| slug.clone()).to_string()
        });
        self.codes_of_names.insert(name.to_owned(), (code.to_owned(), given.clone()));
        given
    }

    /// Makes a service of a category that the catalogue does not have: one of the built-in ones if
    /// the mapping or the source named its code, else one of the category's name. A category whose
    /// name happens to give a built-in code keeps its name.
    pub fn propose(&mut self, code: &str, name: &str, hint: Option<&str>) {
        if self.catalogue.get(code).is_some() {
            return;
        }
        let Some(code) = ServiceCode::new(code) else { return };
        let own = || self.catalogue.adopt(name, hint, Nature::Intervention);
        let service = match self.quebec.get(code.as_str()) {
            Some(known) if ServiceCode::slug(name) != code => Service::clone(known),
            Some(known) => Service { code, group: known.group.clone(), ..own() },
            None => Service { code, ..own() },
        };
        self.catalogue.add(service.clone());
        self.proposed.insert(service.code.clone(), service);
    }

    /// A report of this service is written: the service is, too.
    pub fn adopt(&mut self, code: &ServiceCode) {
        if self.proposed.is_empty() {
            return;
        }
        let Some(service) = self.proposed.remove(code) else { return };
        self.count += 1;
        let other = self.catalogue.groups().last().map(|group| &group.code);
        if Some(&service.group) == other && self.ungrouped.len() < LISTED_MAX {
            self.ungrouped.push(service.names.en.clone());
        }
        self.adopted.push(service);
    }
}
