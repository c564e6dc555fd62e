//! An operation, declared once: its route, its handler, and its description. The router and the
//! OpenAPI document are made from the same list of operations; the parameters of an operation are
//! those of the request type that its handler takes.

use std::future::Future;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Request as HttpRequest, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use tower_http::timeout::TimeoutLayer;

use crate::config::Limits;
use crate::error::Result;
use crate::http::openapi::content::{self, Content};
use crate::http::openapi::description::{Codes, Description, Tag};
use crate::http::reply::problem::Problem;
use crate::http::request::auth::Authorization;
use crate::http::request::body::received;
use crate::http::request::call::{Call, ServiceCall};
use crate::http::request::parameter::{Declaration, Extract, Request};
use crate::http::state::AppState;

/// The route of an operation.
pub type Route = MethodRouter<Arc<AppState>>;

/// A handler's answer.
pub type HandlerResult = Result<Response>;

/// A body may have so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyLimit {
    /// The limit of all bodies.
    Usual,
    /// The limit of a batch of reports.
    Batch,
    /// This many.
    Bytes(usize),
    /// Any number: it is read piece by piece.
    Unlimited,
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody.
    Public,
    /// Crews: whoever [`Authorization::authorize`] lets through.
    Crews,
}

/// An operation.
pub struct Operation {
    /// What the document says of it; `None` for a page, which is for people.
    pub description: Option<Description>,
    path: &'static str,
    aliases: Vec<&'static str>,
    route: Box<dyn Fn(Audience) -> Route>,
    audience: Audience,
    body_limit: BodyLimit,
    is_timed: bool,
}

/// A function that answers calls. `A` is its arguments: a [`Call`] of a request type or a
/// [`ServiceCall`], then the header fields, then the body, as far as it takes them.
pub trait Handler<A>: Clone + Send + Sync + 'static {
    /// Adds the declarations of the parameters of its request type.
    fn declare(to: &mut Vec<Declaration>);

    /// The route that calls it.
    fn route(self, method: MethodFilter, audience: Audience) -> Route;
}

/// Implements [`Handler`] for functions of a call and of these further arguments, each extracted
/// as `kind` and handed on as `got`.
macro_rules! handlers {
    ($($call:ty $([$generic:ident])? ;
       $($name:ident: $kind:ty => $got:ty = $convert:expr),*;)+) => {
        $(impl<F, Fut $(, $generic)?> Handler<($call, $($got,)*)> for F
        where
            F: Fn($call, $($got),*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = HandlerResult> + Send + 'static,
            $($generic: Request + Send + 'static,)?
        {
            fn declare(_to: &mut Vec<Declaration>) {
                $($generic::declare(_to);)?
            }

            fn route(self, method: MethodFilter, audience: Audience) -> Route {
                let handler = move |State(state): State<Arc<AppState>>,
                                    shown: Authorization,
                                    call: Result<$call>
                                    $(, $name: $kind)*| async move {
                    if audience == Audience::Crews {
                        shown.authorize(&state.access)?;
                    }
                    // The body is read before a refusal is answered, so that whoever is still
                    // sending it reads the answer.
                    let call = call?;
                    self(call $(, $convert)*).await
                };
                on(method, handler)
            }
        })+
    };
}

type SentBytes = std::result::Result<Bytes, BytesRejection>;

handlers! {
    Call<R> [R]; ;
    Call<R> [R]; headers: HeaderMap => HeaderMap = headers;
    Call<R> [R]; body: SentBytes => Bytes = received(body)?;
    Call<R> [R];
        headers: HeaderMap => HeaderMap = headers, body: SentBytes => Bytes = received(body)?;
    Call<R> [R]; request: HttpRequest => HttpRequest = request;
    ServiceCall; ;
    ServiceCall; request: HttpRequest => HttpRequest = request;
}

/// The answers of most operations.
const USUAL: Codes = &[(200, "ok"), (304, "not modified"), (400, "refused"), (404, "not found")];

/// A method, as OpenAPI and as the router name it.
type Method = (&'static str, MethodFilter);

impl Operation {
    fn new(
        method: Method,
        (path, id, tag): (&'static str, &'static str, Tag),
        parameters: Vec<Declaration>,
        route: impl Fn(Audience) -> Route + 'static,
    ) -> Self {
        let description = Description {
            method: method.0,
            path,
            id,
            tag,
            fr: "",
            en: "",
            parameters,
            parameters_of_areas: None,
            takes_common: true,
            body: Vec::new(),
            answer: Vec::new(),
            problem: vec![content::of::<Problem>("application/problem+json")],
            codes: USUAL,
            for_crews: false,
        };
        Self {
            description: Some(description),
            path,
            aliases: Vec::new(),
            route: Box::new(route),
            audience: Audience::Public,
            body_limit: BodyLimit::Usual,
            // What is computed for a read has its limit in the application; a body may be slow.
            is_timed: method.1 != MethodFilter::GET,
        }
    }

    fn handled<A, H: Handler<A>>(
        method: Method,
        path: &'static str,
        id: &'static str,
        tag: Tag,
        handler: H,
    ) -> Self {
        let mut parameters = Vec::new();
        H::declare(&mut parameters);
        let route = move |audience| handler.clone().route(method.1, audience);
        Self::new(method, (path, id, tag), parameters, route)
    }

    /// An operation that reads.
    pub fn get<A, H: Handler<A>>(
        path: &'static str,
        id: &'static str,
        tag: Tag,
        handler: H,
    ) -> Self {
        Self::handled(("get", MethodFilter::GET), path, id, tag, handler)
    }

    /// An operation with a body.
    pub fn post<A, H: Handler<A>>(
        path: &'static str,
        id: &'static str,
        tag: Tag,
        handler: H,
    ) -> Self {
        Self::handled(("post", MethodFilter::POST), path, id, tag, handler)
    }

    /// An operation that changes a thing in part.
    pub fn patch<A, H: Handler<A>>(
        path: &'static str,
        id: &'static str,
        tag: Tag,
        handler: H,
    ) -> Self {
        Self::handled(("patch", MethodFilter::PATCH), path, id, tag, handler)
    }

    /// An operation that reads and has no parameters but those of its path: what stands in its
    /// query string is ignored.
    pub fn plain(path: &'static str, id: &'static str, tag: Tag, route: Route) -> Self {
        let place = (path, id, tag);
        let mut operation =
            Self::new(("get", MethodFilter::GET), place, Vec::new(), move |_| route.clone());
        operation.describe(|description| description.takes_common = false);
        operation
    }

    /// A page: it is for people and not in the document.
    pub fn page(path: &'static str, route: Route) -> Self {
        Self { description: None, ..Self::plain(path, "", Tag::Service, route) }
    }

    fn describe(&mut self, change: impl FnOnce(&mut Description)) {
        if let Some(description) = &mut self.description {
            change(description);
        }
    }

    /// What it does, in French and in English.
    pub fn says(mut self, fr: &'static str, en: &'static str) -> Self {
        self.describe(|description| (description.fr, description.en) = (fr, en));
        self
    }

    /// What it answers where it succeeds.
    pub fn answers(mut self, content: &[Content]) -> Self {
        self.describe(|description| description.answer = content.to_vec());
        self
    }

    /// What it answers where it fails, if not a problem document.
    pub fn fails_with(mut self, content: &[Content]) -> Self {
        self.describe(|description| description.problem = content.to_vec());
        self
    }

    /// What is sent with it.
    pub fn body(mut self, content: &[Content]) -> Self {
        self.describe(|description| description.body = content.to_vec());
        self
    }

    /// Its status codes and what they mean.
    pub fn codes(mut self, codes: Codes) -> Self {
        self.describe(|description| description.codes = codes);
        self
    }

    /// A parameter of the path of a [`Self::plain`] operation.
    pub fn takes(mut self, parameter: &impl Extract) -> Self {
        self.describe(|description| parameter.declare(&mut description.parameters));
        self
    }

    /// The parameters that it takes where the collection in its path is not one of reports.
    pub fn of_areas_takes<R: Request>(mut self) -> Self {
        let mut parameters = Vec::new();
        R::declare(&mut parameters);
        self.describe(|description| description.parameters_of_areas = Some(parameters));
        self
    }

    /// It is for crews alone.
    pub fn for_crews(mut self) -> Self {
        self.audience = Audience::Crews;
        self.describe(|description| description.for_crews = true);
        self
    }

    /// It is found under this path, too.
    pub fn also_at(mut self, path: &'static str) -> Self {
        self.aliases.push(path);
        self
    }

    /// Its body has the size of a batch of reports, at most.
    pub fn batch(self) -> Self {
        Self { body_limit: BodyLimit::Batch, ..self }
    }

    /// Its body has this many bytes, at most.
    pub fn body_bytes_max(self, bytes: usize) -> Self {
        Self { body_limit: BodyLimit::Bytes(bytes), ..self }
    }

    /// Its body is read piece by piece while it is answered: it may be long, and take long.
    pub fn streamed(self) -> Self {
        Self { body_limit: BodyLimit::Unlimited, is_timed: false, ..self }
    }

    /// All paths under which it is found.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.path).chain(self.aliases.iter().copied())
    }

    /// Its route, with the limits of its body and of its time.
    pub fn route(&self, limits: &Limits) -> Route {
        let mut route = (self.route)(self.audience);
        route = match self.body_limit {
            BodyLimit::Usual => route,
            BodyLimit::Batch => route.layer(DefaultBodyLimit::max(limits.batch_bytes_max)),
            BodyLimit::Bytes(bytes) => route.layer(DefaultBodyLimit::max(bytes)),
            BodyLimit::Unlimited => route.layer(DefaultBodyLimit::disable()),
        };
        if self.is_timed {
            let code = StatusCode::GATEWAY_TIMEOUT;
            route = route.layer(TimeoutLayer::with_status_code(code, limits.request_time_max));
        }
        route
    }
}
