//! The request's id and its trace: the client's where they are well-formed, else new ones.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use service::Trace;
use uuid::Uuid;

/// The header of the id, in requests and responses.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The client's id for the request if it is harmless, else a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> String {
    let proper = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(proper);
    given.map_or_else(|| Uuid::now_v7().to_string(), ToOwned::to_owned)
}

/// Names the request in its response.
pub(crate) fn set(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// The trace that the client has begun; else a new one, named like the request where that can be.
pub(crate) fn trace(headers: &HeaderMap, id: &str) -> Trace {
    let given = headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(Trace::parse);
    given.unwrap_or_else(|| {
        let id = Uuid::try_parse(id).ok().filter(|id| !id.is_nil()).unwrap_or_else(Uuid::new_v4);
        Trace::new(id.as_u128(), Uuid::new_v4().as_u64_pair().1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_goes_on_with_its_trace_or_begins_one_of_its_own_name() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let headers = HeaderMap::from_iter([(HeaderName::from_static("traceparent"), HeaderValue::from_static(given))]);
        assert_eq!(trace(&headers, "anything").to_string(), given);
        let id = Uuid::now_v7();
        assert_eq!(trace(&HeaderMap::new(), &id.to_string()).id(), id.simple().to_string());
        assert_ne!(trace(&HeaderMap::new(), "anything"), trace(&HeaderMap::new(), "anything"));
        assert!(Trace::parse(&trace(&HeaderMap::new(), &Uuid::nil().to_string()).to_string()).is_some());
    }

    #[test]
    fn takes_only_harmless_ids_from_clients() {
        let given = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(id).unwrap());
            request_id(&headers)
        };
        assert_eq!(given("trace_7-A"), "trace_7-A");
        for harmful in ["", "a b", "a\tb", "<script>", &"a".repeat(65)] {
            assert_ne!(given(harmful), harmful);
        }
    }
}
