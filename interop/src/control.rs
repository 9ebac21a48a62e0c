//! The HTTP interface by which tests control the server.

use serde_json::Value;

/// Calls the test control with this name.
pub(crate) fn post(base: &str, control: &str, body: &Value) {
    let sent = ureq::post(format!("{base}/_test/{control}"))
        .content_type("application/json")
        .send(body.to_string());
    if let Err(error) = sent {
        crate::server::fail(&format!("the control {control} to work, but: {error}"));
    }
}

/// Returns every request that the server received since the last reset.
pub(crate) fn requests(base: &str) -> Vec<Value> {
    let read = ureq::get(format!("{base}/_test/requests"))
        .call()
        .and_then(|mut response| response.body_mut().read_to_string());
    match read.map(|text| serde_json::from_str(&text)) {
        Ok(Ok(Value::Array(requests))) => requests,
        other => crate::server::fail(&format!("the list of requests, but: {other:?}")),
    }
}
