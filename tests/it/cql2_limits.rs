//! CQL2 filters that are refused: geometries that enclose nothing clear, hostile expressions, and
//! queries whose client has left.

use std::cell::{Cell, RefCell};

use crate::cql2::{IndexAlone, ask, demo, one_report};
use pointchaud::domain::{Filter, IndexedFields, Interrupt, InterruptGuard, ReportId, ServiceCode};
use pointchaud::error::Result;
use pointchaud::http::ogc::cql;
use pointchaud::index::Index;
use pointchaud::query::{self, Condition, ItemsQuery, ReportSource, ServiceLabels};

#[test]
fn polygons_that_enclose_nothing_clear_are_refused_with_the_reason() {
    let (_folder, service) = demo();
    for (shape, reason) in [
        ("POLYGON((1 1, 1 1, 1 1, 1 1))", "three different vertices"),
        ("POLYGON((0 0, 1 1, 2 2, 0 0))", "runs back along"),
        ("POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))", "crosses or touches itself"),
        ("POLYGON((0 0, 1 0, 1 1, 0 1))", "last equals the first"),
        ("POLYGON((177 -19, -178 -19, -178 -16, 177 -16, 177 -19))", "cut at ±180"),
        ("POLYGON((177 -19, 182 -19, 182 -16, 177 -16, 177 -19))", "cut at ±180"),
        ("POLYGON((-120 80, 0 80, 120 80, -120 80))", "up to the pole"),
        ("POLYGON((0 0, 0 100, 1 1, 0 0))", "between -90 and 90"),
        ("LINESTRING(177 0, -177 0)", "cut at ±180"),
        ("LINESTRING(1 1, 1 1)", "two different positions"),
        ("POINT(90 180)", "between -90 and 90"),
        ("BBOX(170, 0, 190, 10)", "across the antimeridian"),
        ("BBOX(0, 10, 1, 5)", "south above its north"),
        ("BBOX(0, 10, 1)", "four numbers"),
        ("POLYGON EMPTY", "no coordinates"),
    ] {
        let (status, problem) =
            ask(&service, "reports", &format!("S_INTERSECTS(geometry, {shape})"));
        assert_eq!(status, 400, "{shape}: {problem}");
        assert!(problem.to_string().contains(reason), "{shape}: {problem}");
        assert!(problem.to_string().contains("filter"), "{shape}: {problem}");
    }
}

/// A condition on what only the store has ends when nobody waits for it.
#[test]
fn an_interrupted_query_ends() {
    let snapshot = one_report();
    let expr = cql::parse("lon < 0", false).unwrap();
    let condition = cql::condition(&expr).unwrap();
    let interrupt = Interrupt::default();
    drop(interrupt.clone().raised_on_drop());
    let compiled = snapshot.compiled(&Filter::default());
    let ask = ItemsQuery { bbox: None, condition: &condition, after: None, limit: 1 };
    assert!(query::items(&snapshot, &compiled, ask, &IndexAlone, &interrupt).is_err());

    let report = |n: u32| {
        let (id, service) = (ReportId::new(&format!("r{n}")), ServiceCode::new("graffiti"));
        IndexedFields::new(id.unwrap(), service.unwrap(), 1_790_000_000, None)
    };
    let snapshot = Index::from_reports((0..5_000).map(report)).reader().load();
    let expr = cql::parse("description LIKE '%x%' OR service_code = 'x'", false).unwrap();
    let condition = cql::condition(&expr).unwrap();
    let interrupt = Interrupt::default();
    let guard = RefCell::new(Some(interrupt.clone().raised_on_drop()));
    let (source, compiled) =
        (LeavingClient { guard, read: Cell::new(0) }, snapshot.compiled(&Filter::default()));
    let ask = ItemsQuery { bbox: None, condition: &condition, after: None, limit: 1 };
    assert!(query::items(&snapshot, &compiled, ask, &source, &interrupt).is_err());
    assert!((1..5_000).contains(&source.read.get()), "{}", source.read.get());
}

/// A store during whose first reading the client leaves.
struct LeavingClient {
    guard: RefCell<Option<InterruptGuard>>,
    read: Cell<usize>,
}

impl ReportSource for LeavingClient {
    fn jurisdiction(&self) -> &str {
        "ville"
    }

    fn labels(&self, code: &str) -> ServiceLabels {
        ServiceLabels { name: code.into(), group: String::new() }
    }

    fn hold(&self, _: &Condition, ids: &[&str]) -> Result<Vec<bool>> {
        self.guard.take();
        self.read.set(self.read.get() + ids.len());
        Ok(vec![true; ids.len()])
    }
}

#[test]
fn hostile_filters_are_refused_quickly() {
    let (_folder, service) = demo();
    let began = std::time::Instant::now();
    for filter in [
        format!("{}1 = 1{}", "(1,".repeat(300), ")".repeat(300)),
        format!("1{} = 1", " + 1".repeat(2_000)),
        format!("{}lon{} = 1", "CASEI(".repeat(200), ")".repeat(200)),
        format!("lon = {}1", "2 ^ ".repeat(600)),
        format!("area LIKE '{}'", "%a".repeat(300)),
        format!("TRUE{}", " OR TRUE".repeat(600)),
        format!(
            "S_INTERSECTS(geometry, {}POINT(0 0){})",
            "GEOMETRYCOLLECTION(".repeat(9),
            ")".repeat(9)
        ),
        format!("T_DURING({}NULL{}, NULL)", "INTERVAL(".repeat(30), ", NULL)".repeat(30)),
        "'".repeat(9_000),
        "\"".repeat(9_001),
    ] {
        let (status, problem) = ask(&service, "reports", &filter);
        assert_eq!(status, 400, "{}: {problem}", &filter[..40]);
        assert!(problem.to_string().len() < 3_000, "{problem}");
    }
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    assert_eq!(service.get("/readyz").status, 200);
}
