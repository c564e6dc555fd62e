//! The services of a city.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{
    Attribute, Catalogue, Datatype, Nature, PublicRules, Service, Visibility, Vocabulary,
};
use crate::export::word::Word;
use crate::http::openapi::content::json;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{JSON, conditional_response, to_json};
use crate::http::request::call::Call;
use crate::i18n::Language;

/// The operation.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/services", "services", Tag::Cities, list)
            .described(
                "Les services d’une ville, leurs groupes et leurs questions.",
                "A city’s services, their groups and their questions.",
            )
            .responds_with(&[json::<ServiceList<'_>>()]),
    ]
}

impl Vocabulary for Datatype {
    const VALUES: &'static [Self] = &[
        Self::String,
        Self::Number,
        Self::Datetime,
        Self::Text,
        Self::SingleValueList,
        Self::MultiValueList,
    ];

    fn word(self) -> &'static str {
        self.as_str()
    }
}

/// The services of a city and their groups.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Services")]
struct ServiceList<'a> {
    groups: Vec<GroupOut<'a>>,
    services: Vec<ServiceOut<'a>>,
}

/// A group of services.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct GroupOut<'a> {
    code: &'a str,
    name: &'a str,
}

/// A service.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ServiceOut<'a> {
    service_code: &'a str,
    service_name: &'a str,
    names: BothLanguages<'a>,
    description: &'a str,
    group: &'a str,
    nature: Word<Nature>,
    /// How the public sees its reports.
    #[schemars(extend("x-fr" = "Comment le public voit ses demandes."))]
    visibility: Word<Visibility>,
    synonyms: &'a [String],
    /// Separated by commas.
    keywords: String,
    attributes: Vec<AttributeOut<'a>>,
}

/// A text in both languages.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct BothLanguages<'a> {
    fr: &'a str,
    en: &'a str,
}

/// A question that a service asks the sender of a report (Open311: service attribute).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct AttributeOut<'a> {
    code: &'a str,
    variable: bool,
    datatype: Word<Datatype>,
    required: bool,
    description: &'a str,
    datatype_description: &'a str,
    values: Vec<ValueOut<'a>>,
}

/// One of the answers that a question offers.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ValueOut<'a> {
    key: &'a str,
    name: &'a str,
}

async fn list(call: Call<()>) -> HandlerResult {
    let Call { state, city, mut context, .. } = call;
    let catalogue = city.catalogue();
    let rules = city.public_rules();
    context.variant.view = rules.as_ref().map(|rules| rules.fingerprint());
    let tag = context.etag(&state, catalogue.services().len() as u64);
    conditional_response(&context, JSON, tag, || {
        to_json(&services(&catalogue, rules.as_deref(), context.language))
    })
}

fn services<'a>(
    catalogue: &'a Catalogue,
    rules: Option<&PublicRules>,
    language: Language,
) -> ServiceList<'a> {
    let visibility = |code| rules.map_or(Visibility::Exact, |rules| rules.of(code));
    let groups = catalogue.groups().iter();
    let services = catalogue.services().iter();
    ServiceList {
        groups: groups
            .map(|group| GroupOut { code: &group.code, name: language.pick(&group.names) })
            .collect(),
        services: services
            .map(|one| service(one, visibility(one.code.as_str()), language))
            .collect(),
    }
}

fn service(service: &Service, visibility: Visibility, language: Language) -> ServiceOut<'_> {
    ServiceOut {
        service_code: service.code.as_str(),
        service_name: language.pick(&service.names),
        names: BothLanguages { fr: &service.names.fr, en: &service.names.en },
        description: language.pick(&service.descriptions),
        group: &service.group,
        nature: Word(service.nature),
        visibility: Word(visibility),
        synonyms: &service.synonyms,
        keywords: service.keywords.join(", "),
        attributes: service.attributes.iter().map(|one| attribute(one, language)).collect(),
    }
}

fn attribute(question: &Attribute, language: Language) -> AttributeOut<'_> {
    let values = question.values.iter();
    AttributeOut {
        code: &question.code,
        variable: question.variable,
        datatype: Word(question.datatype),
        required: question.required,
        description: language.pick(&question.descriptions),
        datatype_description: language.pick(&question.hints),
        values: values.map(|(key, names)| ValueOut { key, name: language.pick(names) }).collect(),
    }
}
