//! An operation of the API, declared once: its route, its handler and its description. The router
//! and the OpenAPI document are built from the same list of operations. The parameters of an
//! operation are those of the request type that its handler takes.

use std::future::Future;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Request as HttpRequest, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use tower_http::cors::CorsLayer;
use tower_http::csrf::CsrfLayer;

use crate::domain::Permission;
use crate::error::{Error, Result};
use crate::http::openapi::content::{self, Content};
use crate::http::openapi::description::{Codes, Description, OperationLink, Tag};
use crate::http::reply::answer::{of_session, of_view};
use crate::http::reply::problem::Problem;
use crate::http::request::audience::Audience;
use crate::http::request::auth::Authorization;
use crate::http::request::body::received;
use crate::http::request::body_budget::{BodyBudget, within_budget};
use crate::http::request::call::{Call, ServiceCall};
use crate::http::request::media_type::SentMediaType;
use crate::http::request::parameter::{Declaration, Extract, Request};
use crate::http::state::AppState;

/// The route of an operation: axum's router of its methods.
pub type Route = MethodRouter<Arc<AppState>>;

/// The result of a handler.
pub type HandlerResult = Result<Response>;

/// How large a request body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyLimit {
    /// The limit of ordinary bodies, [`Limits::body_bytes_max`](crate::config::Limits).
    Usual,
    /// This many bytes.
    Bytes(usize),
    /// Unlimited: the handler reads the body as a stream.
    Unlimited,
}

/// What a request must be like to reach the handler of an operation.
#[derive(Clone)]
pub struct RoutePolicy {
    /// Who may call it.
    audience: Audience,
    /// The media types of its body; empty if it has none.
    media_types: Arc<[&'static str]>,
    /// Its id, for the audit; empty for a page.
    operation: &'static str,
}

/// What is laid around the routes of all operations.
pub struct RouteLayers {
    /// Lets pages of other origins call public operations.
    pub cors: CorsLayer,
    /// Refuses changes that pages of other origins ask for.
    pub csrf: CsrfLayer,
    /// The memory of all request bodies together, and the time of each request.
    pub budget: BodyBudget,
}

/// An operation of the API or a page.
pub struct Operation {
    /// Its description in the OpenAPI document; `None` for a page.
    pub description: Option<Description>,
    path: &'static str,
    aliases: Vec<&'static str>,
    route: Box<dyn Fn(&RoutePolicy) -> Route>,
    audience: Audience,
    body_limit: BodyLimit,
    has_timeout: bool,
}

/// An async function that answers requests. `A` is the tuple of its arguments: a [`Call`] of a
/// request type or a [`ServiceCall`], then optionally the headers, then optionally the body.
pub trait Handler<A>: Clone + Send + Sync + 'static {
    /// Appends the declarations of the parameters of its request type.
    fn declare(to: &mut Vec<Declaration>);

    /// The route that calls it for requests of this method.
    fn route(self, method: MethodFilter, policy: RoutePolicy) -> Route;
}

/// Implements [`Handler`] for functions of a call and further arguments. Each further argument is
/// extracted by axum as `kind` and converted to `got`.
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

            fn route(self, method: MethodFilter, policy: RoutePolicy) -> Route {
                let handler = move |State(state): State<Arc<AppState>>,
                                    shown: Authorization,
                                    media_type: SentMediaType,
                                    call: Result<$call>
                                    $(, $name: $kind)*| async move {
                    let caller = shown.authorize(policy.audience, &state.access)?;
                    if let Err(error) = media_type.check(&policy.media_types) {
                        return Ok(unsupported(error, &policy.media_types));
                    }
                    // axum has read the body before this point, so that a client that is still
                    // sending it receives the refusal and no connection reset.
                    let mut call = call?;
                    call.set_caller(caller, policy.audience)?;
                    call.context.set_origin(policy.operation, shown.address());
                    let (view, variant) = (call.context.view, call.context.variant);
                    let answer: HandlerResult = self(call $(, $convert)*).await;
                    let answer = answer.map(|response| of_view(response, view, variant));
                    if shown.is_by_cookie() { answer.map(of_session) } else { answer }
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
    Call<R> [R]; headers: HeaderMap => HeaderMap = headers,
        body: SentBytes => Bytes = received(body)?;
    Call<R> [R]; request: HttpRequest => HttpRequest = request;
    ServiceCall<R> [R]; ;
    ServiceCall<R> [R]; body: SentBytes => Bytes = received(body)?;
    ServiceCall<R> [R]; request: HttpRequest => HttpRequest = request;
}

/// The response to a body that an operation does not read, with `Accept`: the media types that it
/// reads (RFC 9110, section 15.5.16).
fn unsupported(error: Error, media_types: &[&str]) -> Response {
    let mut response = error.into_response();
    if let Ok(list) = HeaderValue::from_str(&media_types.join(", ")) {
        response.headers_mut().insert(header::ACCEPT, list);
    }
    response
}

/// The status codes of most operations.
const USUAL: Codes = &[(200, "ok"), (304, "not modified"), (400, "refused"), (404, "not found")];

/// A method by its OpenAPI name and as axum's filter.
type Method = (&'static str, MethodFilter);

impl Operation {
    fn new(
        method: Method,
        (path, id, tag): (&'static str, &'static str, Tag),
        parameters: Vec<Declaration>,
        route: impl Fn(&RoutePolicy) -> Route + 'static,
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
            is_negotiated: false,
            links: &[],
            audience: Audience::Public,
        };
        Self {
            description: Some(description),
            path,
            aliases: Vec::new(),
            route: Box::new(route),
            audience: Audience::Public,
            body_limit: BodyLimit::Usual,
            // Reads are limited by the query pool; operations with a body may wait for the client
            // and need a timeout.
            has_timeout: method.1 != MethodFilter::GET,
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
        let route = move |policy: &RoutePolicy| handler.clone().route(method.1, policy.clone());
        Self::new(method, (path, id, tag), parameters, route)
    }

    /// A `GET` operation.
    pub fn get<A, H: Handler<A>>(
        path: &'static str,
        id: &'static str,
        tag: Tag,
        handler: H,
    ) -> Self {
        Self::handled(("get", MethodFilter::GET), path, id, tag, handler)
    }

    /// A `POST` operation.
    pub fn post<A, H: Handler<A>>(
        path: &'static str,
        id: &'static str,
        tag: Tag,
        handler: H,
    ) -> Self {
        Self::handled(("post", MethodFilter::POST), path, id, tag, handler)
    }

    /// A `PUT` operation.
    pub fn put<A, H: Handler<A>>(
        path: &'static str,
        id: &'static str,
        tag: Tag,
        handler: H,
    ) -> Self {
        Self::handled(("put", MethodFilter::PUT), path, id, tag, handler)
    }

    /// A `PATCH` operation.
    pub fn patch<A, H: Handler<A>>(
        path: &'static str,
        id: &'static str,
        tag: Tag,
        handler: H,
    ) -> Self {
        Self::handled(("patch", MethodFilter::PATCH), path, id, tag, handler)
    }

    /// A `DELETE` operation.
    pub fn delete<A, H: Handler<A>>(
        path: &'static str,
        id: &'static str,
        tag: Tag,
        handler: H,
    ) -> Self {
        Self::handled(("delete", MethodFilter::DELETE), path, id, tag, handler)
    }

    /// A `GET` operation whose query string is ignored: its only parameters are in the path.
    pub fn plain(path: &'static str, id: &'static str, tag: Tag, route: Route) -> Self {
        let place = (path, id, tag);
        let mut operation =
            Self::new(("get", MethodFilter::GET), place, Vec::new(), move |_| route.clone());
        operation.describe(|description| description.takes_common = false);
        operation
    }

    /// A page for people; it is not part of the OpenAPI document.
    pub fn page(path: &'static str, route: Route) -> Self {
        Self { description: None, ..Self::plain(path, "", Tag::Service, route) }
    }

    fn describe(&mut self, change: impl FnOnce(&mut Description)) {
        if let Some(description) = &mut self.description {
            change(description);
        }
    }

    /// Sets its summary in French and English.
    pub fn described(mut self, fr: &'static str, en: &'static str) -> Self {
        self.describe(|description| (description.fr, description.en) = (fr, en));
        self
    }

    /// Sets the content of its successful responses.
    pub fn responds_with(mut self, content: &[Content]) -> Self {
        self.describe(|description| description.answer = content.to_vec());
        self
    }

    /// Sets the content of its error responses. The default is a problem document.
    pub fn fails_with(mut self, content: &[Content]) -> Self {
        self.describe(|description| description.problem = content.to_vec());
        self
    }

    /// Sets the content of its request body.
    pub fn body(mut self, content: &[Content]) -> Self {
        self.describe(|description| description.body = content.to_vec());
        self
    }

    /// Sets its status codes with their meanings.
    pub fn status_codes(mut self, codes: Codes) -> Self {
        self.describe(|description| description.codes = codes);
        self
    }

    /// Sets the operations on what its first successful response is about.
    pub fn linked_to(mut self, links: &'static [OperationLink]) -> Self {
        self.describe(|description| description.links = links);
        self
    }

    /// It responds in the media type that the client prefers, or with 406.
    pub fn negotiated(mut self) -> Self {
        self.describe(|description| description.is_negotiated = true);
        self
    }

    /// Adds a path parameter to a [`Self::plain`] operation.
    pub fn with_path_parameter(mut self, parameter: &impl Extract) -> Self {
        self.describe(|description| parameter.declare(&mut description.parameters));
        self
    }

    /// Sets the parameters that it takes for OGC collections whose features are areas, not reports.
    pub fn with_area_parameters<R: Request>(mut self) -> Self {
        let mut parameters = Vec::new();
        R::declare(&mut parameters);
        self.describe(|description| description.parameters_of_areas = Some(parameters));
        self
    }

    /// Restricts it to requests with a key that has this permission.
    pub fn needs(self, permission: Permission) -> Self {
        self.restricted_to(Audience::Holders(permission))
    }

    /// It files reports: where the service wants a key for that, it needs one.
    pub fn files_reports(self) -> Self {
        self.restricted_to(Audience::Filing)
    }

    /// It is for everybody, but no page of another origin may call it.
    pub fn for_own_pages(self) -> Self {
        self.restricted_to(Audience::OwnPages)
    }

    fn restricted_to(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self.describe(|description| description.audience = audience);
        self
    }

    /// Its method in lower case and its id in the OpenAPI document, which is empty for a page.
    pub fn method_and_id(&self) -> (&'static str, &'static str) {
        self.description.as_ref().map_or(("get", ""), |known| (known.method, known.id))
    }

    /// May everybody call it, also from pages of other origins?
    pub fn is_public(&self) -> bool {
        !matches!(self.audience, Audience::Holders(_) | Audience::OwnPages)
    }

    /// Adds another path for it.
    pub fn with_alias(mut self, path: &'static str) -> Self {
        self.aliases.push(path);
        self
    }

    /// Limits its body to this many bytes.
    pub fn body_bytes_max(self, bytes: usize) -> Self {
        Self { body_limit: BodyLimit::Bytes(bytes), ..self }
    }

    /// Removes the limits of size and time: the handler streams the body and the response.
    pub fn streamed(self) -> Self {
        Self { body_limit: BodyLimit::Unlimited, has_timeout: false, ..self }
    }

    /// All its paths: the main one, then the aliases.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.path).chain(self.aliases.iter().copied())
    }

    /// Its route with the limits of body size and time. Pages of other origins may call public
    /// operations, and only those: their changes by all others are refused.
    pub fn route(&self, layers: &RouteLayers) -> Route {
        let RouteLayers { cors, csrf, budget } = layers;
        let body = self.description.iter().flat_map(|description| &description.body);
        let media_types = body.map(Content::media_type).collect();
        let (audience, operation) = (self.audience, self.method_and_id().1);
        let mut route = (self.route)(&RoutePolicy { audience, media_types, operation });
        route = match self.body_limit {
            BodyLimit::Usual => route,
            BodyLimit::Bytes(bytes) => route.layer(DefaultBodyLimit::max(bytes)),
            BodyLimit::Unlimited => route.layer(DefaultBodyLimit::disable()),
        };
        if self.body_limit != BodyLimit::Unlimited && self.has_timeout {
            route = route.layer(from_fn_with_state(budget.clone(), within_budget));
        }
        match self.is_public() {
            true => route.layer(cors.clone()),
            false => route.layer(csrf.clone()),
        }
    }
}
