//! A city whose services show their reports in different ways, with private values planted in it.

use serde_json::Value;

use super::{Client, Folder, Service, done, eventually, jpeg};

/// The city of the tests.
pub const CITY: &str = "ville.quebec.qc.ca";

/// Services with their policies.
pub const POLICIES: [(&str, &str); 4] = [
    ("nid-de-poule", "exact"),
    ("graffiti", "street"),
    ("batiment-insalubre", "cell"),
    ("seringue", "hidden"),
];

/// The values of one report that the public may not read.
pub struct Planted {
    pub service: &'static str,
    pub id: String,
    /// Longitude and latitude with the digits that no public answer has.
    pub lon_lat: (f64, f64),
    /// The private texts, its number among them where it is not listed.
    pub canaries: Vec<String>,
}

/// A service with a crew key on a city with planted reports.
pub struct PrivateCity {
    pub crew: Service,
    /// Kept while the service writes.
    _folder: Folder,
    pub public: Client,
    pub planted: Vec<Planted>,
}

/// Sets the policies of a running service and waits until it has taken them up.
pub fn set(client: &Client, folder: &Folder, policies: &[(&str, &str)]) {
    let lines: Vec<String> =
        policies.iter().map(|(service, policy)| format!("{service}={policy}")).collect();
    let mut arguments = vec!["city", "set", CITY];
    lines.iter().for_each(|line| arguments.extend(["--visibility", line]));
    done(folder, &arguments);
    eventually("the policies hold", || {
        let list = client.get("/api/v1/services").json();
        policies.iter().all(|(code, policy)| visibility(&list, code) == *policy)
    });
}

/// The policy of a service in the list of services.
pub fn visibility<'a>(list: &'a Value, code: &str) -> &'a str {
    let services = list["services"].as_array().unwrap();
    let found = services.iter().find(|one| one["service_code"] == code).unwrap();
    found["visibility"].as_str().unwrap()
}

/// Files a report with private values that hold `mark`, a number that nothing else holds.
fn plant(client: &Client, service: &'static str, policy: &str, mark: u32, photo: &str) -> Planted {
    let (lon, lat) = (-71.2080 - f64::from(mark) / 1e7, 46.8139 + f64::from(mark) / 1e7);
    let email = format!("canari{mark}@exemple.ca");
    let pairs = [
        ("service_code", service),
        ("long", &lon.to_string()),
        ("lat", &lat.to_string()),
        ("address_string", &format!("{mark} rue Cartier")),
        ("description", &format!("Devant le {mark}, porte zzcanari{mark}")),
        ("media_url", photo),
        ("email", &email),
        ("api_key", "app"),
    ];
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = client.ask("POST", "/open311/v2/requests.json", &headers, form.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    let number = answer.json()[0]["service_request_id"].as_str().unwrap().to_owned();
    let mut canaries = vec![email];
    if policy != "exact" {
        canaries.extend([format!("{mark} rue"), format!("zzcanari{mark}")]);
        canaries.extend([lon, lat].map(|degrees| degrees.to_string()));
        canaries.push(photo.rsplit('/').next().unwrap().to_owned());
    }
    if ["cell", "hidden"].contains(&policy) {
        canaries.push(number.clone());
    }
    Planted { service, id: number, lon_lat: (lon, lat), canaries }
}

/// A city with six reports of each policy within 30 m, each with values of its own, and the
/// policies set while the service runs.
pub fn private_city() -> PrivateCity {
    let folder = Folder::new("canaries");
    let crew = Service::start_with_key(&folder);
    let public = Client { address: crew.address, key: None };
    let mut planted = Vec::new();
    for (at, (service, policy)) in POLICIES.into_iter().enumerate() {
        for n in 0..6 {
            let side = 40 + 8 * at as u32 + n;
            let photo = crew.ask("POST", "/api/v1/media", &[], &jpeg(side, 30)).json();
            let photo = photo["media_url"].as_str().unwrap().to_owned();
            let mark = 1_117 + 100 * at as u32 + 7 * n;
            planted.push(plant(&public, service, policy, mark, &photo));
        }
    }
    set(&crew, &folder, &POLICIES);
    PrivateCity { crew, _folder: folder, public, planted }
}
