//! The category of a row and its service, by the columns of a mapping.

use crate::domain::{ServiceCode, fold};
use crate::error::Refusal;
use crate::ingest::mapping::row_draft::{Category, Mapping, RowCells};
use crate::message;

impl Category {
    /// The refusal of a name that is an object of JSON: the name is one of its members.
    pub fn refused_object(&self) -> Option<Refusal> {
        let name = self.name.as_str();
        let is_object = name.starts_with('{') && name.ends_with('}') && name.contains("\":");
        is_object.then(|| {
            let message = message!(
                "est un objet JSON et pas un nom ; un fichier de --mapping nomme le membre, comme \
                 category.name",
                "is a JSON object and no name; a --mapping file names the member, such as \
                 category.name"
            );
            Refusal::new("service_name", name, message)
        })
    }
}

impl Mapping {
    /// The category of a row.
    pub fn category(&self, row: &impl RowCells) -> Option<Category> {
        let name = self.text(row, "category").or_else(|| self.profile.defaults.category.clone());
        // A file with codes and without names: the code is the name.
        let coded = || match self.columns.has("category") {
            true => None,
            false => self.text(row, "service"),
        };
        let name = name.or_else(coded)?;
        Some(Category { name, hint: self.text(row, "hint") })
    }

    /// The row's service code; its category's where it has none.
    pub fn service(&self, row: &impl RowCells, category: Option<&Category>) -> String {
        // Codes of any spelling are read as slugs: `SR-CL01` is `sr-cl01`. Where the row names its
        // category, the import does it: the names keep two codes of one slug apart.
        let code = self.text(row, "service").map(|code| match ServiceCode::new(&code) {
            None if category.is_none() => ServiceCode::slug(&code).to_string(),
            _ => code,
        });
        code.or_else(|| {
            let name = &category?.name;
            let declared = self.profile.services.get(&fold(name)).cloned();
            // A name without letters, such as `🌳`, gives no code: the import numbers one.
            Some(declared.unwrap_or_else(|| match name.chars().any(char::is_alphanumeric) {
                true => ServiceCode::slug(name).to_string(),
                false => name.clone(),
            }))
        })
        .unwrap_or_default()
    }
}
