//! The id and the trace of a request: the client's if they are well-formed, otherwise new ones.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use service::Trace;
use uuid::Uuid;

/// Header of the id, in requests and responses.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Returns the client's request id if it is safe to log and send back, otherwise a new UUIDv7.
pub(crate) fn request_id(headers: &HeaderMap) -> String {
    let proper = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(proper);
    given.map_or_else(|| Uuid::now_v7().to_string(), ToOwned::to_owned)
}

/// Sets the id on the response.
pub(crate) fn set(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// Returns the trace of the client's `traceparent`, otherwise a new trace, with the request's id if that is a UUID.
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
    fn continues_the_clients_trace_or_starts_one_with_the_request_id() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let headers = HeaderMap::from_iter([(HeaderName::from_static("traceparent"), HeaderValue::from_static(given))]);
        assert_eq!(trace(&headers, "anything").to_string(), given);
        let id = Uuid::now_v7();
        assert_eq!(trace(&HeaderMap::new(), &id.to_string()).id(), id.simple().to_string());
        assert_ne!(trace(&HeaderMap::new(), "anything"), trace(&HeaderMap::new(), "anything"));
        assert!(Trace::parse(&trace(&HeaderMap::new(), &Uuid::nil().to_string()).to_string()).is_some());
    }

    #[test]
    fn replaces_unsafe_ids_of_clients() {
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
