//! Parameters that all requests about duplicates share.

use crate::http::request::parameter::{Defaulted, Parameter, query};
use crate::http::request::types::{Number, number};
use crate::query::ACCURACY_M_MAX;
use crate::usecase::duplicates::INCIDENTS_DEFAULT;

/// How many incidents a response has at most.
pub const LIMIT: Parameter<Number<usize>, Defaulted<usize>> =
    query("limit", number(1, 50)).default(INCIDENTS_DEFAULT).example("5").described(
        "Nombre maximal d’incidents ; les plus probables d’abord.",
        "Maximum number of incidents; most probable first.",
    );

/// The accuracy of the position, in metres.
pub const ACCURACY_M: Parameter<Number<f64>> = query("accuracy_m", number(0.0, ACCURACY_M_MAX))
    .example("10")
    .described("Précision de la position, en mètres.", "Accuracy of the position, in metres.");
